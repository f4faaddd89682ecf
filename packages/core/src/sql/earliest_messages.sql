-- The earliest messages above a number, oldest first; the caller has set the owner.
-- One plan for all calls, as in page_messages.
create function earliest_messages(owner uuid, conversation text, above_seq bigint, page_limit integer) returns json
language plpgsql security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
begin
  return (
    select coalesce(json_agg(page order by page.seq), '[]') from (
      select m.* from messages m
      where m.owner_id = owner and m.conversation_id = conversation and m.seq > above_seq
      order by m.seq limit page_limit
    ) page
  );
end
$$;
