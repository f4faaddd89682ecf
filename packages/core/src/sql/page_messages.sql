-- A window of a conversation by number, oldest first inside: the latest below `before_seq` (or below the
-- newest `page_offset`), or the earliest above `after_seq`. Costs the same at any length (law 13).
-- One plan for all calls: as it cannot know the limit it would look dear, and each call be planned anew
-- (0.48 ms instead of 0.25). What is rare stands in a function: a subquery costs 5 us though it is not run.
create function page_messages(
  owner uuid,
  conversation text,
  before_seq bigint,
  after_seq bigint,
  page_offset bigint,
  page_limit integer
) returns table (total bigint, first_seq bigint, running_turn uuid, messages json)
language plpgsql security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  return query
  select
    c.last_seq - c.cleared_seq - c.deleted_count,
    -- Only where messages were deleted one by one have the numbers gaps.
    case when c.deleted_count = 0 then c.cleared_seq + 1
      else (earliest_messages(owner, conversation, c.cleared_seq, 1) -> 0 ->> 'seq')::bigint end,
    c.running_turn,
    case when after_seq is null then (
      select coalesce(json_agg(page order by page.seq), '[]') from (
        select m.* from messages m
        where m.owner_id = owner and m.conversation_id = conversation and m.seq > c.cleared_seq
          -- Not "coalesce", which is no condition of an index within a query that row-level security guards.
          and m.seq < case
            when before_seq is not null then before_seq
            when c.deleted_count = 0 then c.last_seq + 1 - page_offset
            else c.last_seq + 1
          end
        order by m.seq desc
        limit page_limit offset case when c.deleted_count = 0 then 0 else page_offset end
      ) page
    ) else earliest_messages(owner, conversation, greatest(after_seq, c.cleared_seq), page_limit) end
  from conversations c
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
end
$$;
