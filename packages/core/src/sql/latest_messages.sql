-- The latest messages between two numbers, oldest first, each with its parent; the caller has set the owner. `leaf`
-- names the branch: the number of its last message; null in a conversation without forks. One plan for all calls, as
-- in page_messages.
create function latest_messages(
  owner uuid,
  conversation text,
  leaf bigint,
  above_seq bigint,
  below_seq bigint,
  page_limit integer
) returns json
language plpgsql security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
begin
  if leaf is not null then
    return branch_messages(owner, conversation, leaf, above_seq, below_seq, 0, page_limit);
  end if;
  return (
    select coalesce(json_agg(page order by page.seq), '[]') from (
      select m.*, lag(m.id) over (order by m.seq) as parent_id from (
        select k.* from messages k
        where k.owner_id = owner and k.conversation_id = conversation and k.seq > above_seq and k.seq < below_seq
        -- One more: the parent of the first.
        order by k.seq desc limit page_limit + 1
      ) m
      order by m.seq desc limit page_limit
    ) page
  );
end
$$;
