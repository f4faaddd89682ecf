-- Returns a window of a branch in no order: the latest messages below `before_seq` (or below the newest `page_offset`),
-- or the earliest above `after_seq`. The branch ends with the message `leaf`, or with the head. Up to 4 MiB of parts
-- plus one message, so that any page fits in memory. Costs the same at any length. The message before the first is
-- told by `parent_id`, or as one message more than `page_limit`. One plan for all calls: without knowing the limit,
-- PostgreSQL finds a generic plan expensive and would plan each call anew (0.48 ms instead of 0.25). Rare cases are
-- in functions of their own: a subquery costs 5 us even when it does not run. So are pages with a message above 40 kB:
-- a running sum of their bytes took 70 of 280 us, sorting the rows 45, and looking up the message before 35.
create function page_messages(
  owner uuid,
  conversation text,
  leaf text,
  before_seq bigint,
  after_seq bigint,
  page_offset bigint,
  page_limit integer
) returns table (total bigint, parent_id text, running_turn uuid, messages json, forks json)
language plpgsql security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
declare
  -- Not "perform", which is a query of its own: 9 us.
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
begin
  return query
  select
    c.last_seq - c.cleared_seq - c.deleted_count - c.elsewhere_count, null::text, c.running_turn, page.messages, null::json
  from conversations c
  cross join lateral (
    select
      coalesce(json_agg(recent.message) filter (where recent.is_small), '[]') as messages,
      coalesce(bool_and(recent.is_small), true) as is_small
    from (
      select
        m as message,
        case
          when pg_column_compression(m.parts) is null then pg_column_size(m.parts) else octet_length(m.parts::text)
        end < 40000 as is_small
      from messages m
      where m.owner_id = owner and m.conversation_id = conversation and m.seq > c.cleared_seq
        -- Not "coalesce", which row-level security keeps out of index conditions.
        and m.seq < case
          when before_seq is not null then before_seq
          when c.deleted_count > 0 then c.last_seq + 1
          when c.head_seq is null then c.last_seq + 1 - page_offset
          else c.head_seq + 1 - page_offset
        end
      order by m.seq desc
      limit page_limit + 1 offset case when c.deleted_count = 0 then 0 else page_offset end
    ) recent
  ) page
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null
    and page.is_small and leaf is null and after_seq is null and case
      when c.fork_count = 0 then true
      when c.deleted_count > 0 then false
      else is_straight(
        owner, conversation, c.cleared_seq, coalesce(c.head_seq, c.last_seq),
        coalesce(before_seq - 1, coalesce(c.head_seq, c.last_seq) - page_offset), page_limit
      )
    end;
  if not found then
    return query select * from page_branch(owner, conversation, leaf, before_seq, after_seq, page_offset, page_limit);
  end if;
end
$$;
