-- The latest messages between two numbers, oldest first; the caller has set the owner.
-- One plan for all calls, as in page_messages.
create function latest_messages(
  owner uuid,
  conversation text,
  above_seq bigint,
  below_seq bigint,
  page_limit integer
) returns json
language plpgsql security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
begin
  return (
    select coalesce(json_agg(page order by page.seq), '[]') from (
      select m.* from messages m
      where m.owner_id = owner and m.conversation_id = conversation and m.seq > above_seq and m.seq < below_seq
      order by m.seq desc limit page_limit
    ) page
  );
end
$$;
