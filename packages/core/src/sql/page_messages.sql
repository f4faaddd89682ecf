-- Returns a window of a branch, oldest first: the latest messages below `before_seq` (or below the newest
-- `page_offset`), or the earliest above `after_seq`. The branch ends with the message `leaf`, or with the head. Up to
-- 4 MiB of parts plus one message, so that any page fits in memory. Costs the same at any length. `parent_id` is the
-- message before the first, where the rows do not tell it. One plan for all calls: without knowing the limit,
-- PostgreSQL finds a generic plan expensive and would plan each call anew (0.48 ms instead of 0.25). Rare cases are
-- in functions of their own: a subquery costs 5 us even when it does not run.
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
begin
  perform set_config('chatkeep.owner', owner::text, true);
  return query
  select
    c.last_seq - c.cleared_seq - c.deleted_count - c.elsewhere_count, before.id, c.running_turn, page.messages, null::json
  from conversations c
  cross join lateral (
    select coalesce(json_agg(sized.m order by sized.seq), '[]') as messages, min(sized.seq) as first_seq from (
      select m, m.seq, sum(octet_length(m.parts::text)) over (order by m.seq desc) - octet_length(m.parts::text) as bytes_behind
      from (
        select k.* from messages k
        where k.owner_id = owner and k.conversation_id = conversation and k.seq > c.cleared_seq
          -- Not "coalesce", which row-level security keeps out of index conditions.
          and k.seq < case
            when before_seq is not null then before_seq
            when c.deleted_count > 0 then c.last_seq + 1
            when c.head_seq is null then c.last_seq + 1 - page_offset
            else c.head_seq + 1 - page_offset
          end
        order by k.seq desc
        limit page_limit offset case when c.deleted_count = 0 then 0 else page_offset end
      ) m
    ) sized
    where sized.bytes_behind < 4194304
  ) page
  left join lateral (
    select m.id from messages m
    where m.owner_id = owner and m.conversation_id = conversation and m.seq > c.cleared_seq and m.seq < page.first_seq
    order by m.seq desc limit 1
  ) before on true
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null
    and leaf is null and after_seq is null and case
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
