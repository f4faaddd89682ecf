-- The latest messages of a branch between two numbers, without the newest `skipped` of them, oldest first; each with
-- its parent and its place among the versions of it. The caller has set the owner. Where the branch leaves a segment
-- it goes on in its parent's: one range of the messages' key a fork, read lazily, so a page costs what is in it.
create function branch_messages(
  owner uuid,
  conversation text,
  leaf bigint,
  above_seq bigint,
  below_seq bigint,
  skipped bigint,
  page_limit integer
) returns json
language plpgsql security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
declare
  has_deleted boolean;
  cleared bigint;
  upper_seq bigint := case when below_seq <= leaf then below_seq - 1 else leaf end;
  segment_first bigint;
begin
  select c.deleted_count > 0, c.cleared_seq into has_deleted, cleared from conversations c
  where c.owner_id = owner and c.id = conversation;
  select k.first_seq into segment_first from segments k
  where k.owner_id = owner and k.conversation_id = conversation and k.first_seq <= leaf
  order by k.first_seq desc limit 1;
  -- Mostly a page and the parent of its first stand in one segment, and nothing forks off there.
  if not has_deleted and skipped = 0 and upper_seq - page_limit > coalesce(segment_first, cleared) and not exists (
    select from segments k
    where k.owner_id = owner and k.conversation_id = conversation
      and k.parent_seq >= upper_seq - page_limit and k.parent_seq <= upper_seq
  ) then
    return latest_messages(owner, conversation, null, above_seq, upper_seq + 1, page_limit);
  end if;
  return (
    with recursive path (first_seq, last_seq, parent_seq) as (
      select coalesce(s.first_seq, 0), leaf, coalesce(s.parent_seq, 0)
      from (select) one left join lateral (
        select k.first_seq, k.parent_seq from segments k
        where k.owner_id = owner and k.conversation_id = conversation and k.first_seq <= leaf
        order by k.first_seq desc limit 1
      ) s on true
      union all
      select coalesce(s.first_seq, 0), p.parent_seq, coalesce(s.parent_seq, 0)
      from path p left join lateral (
        select k.first_seq, k.parent_seq from segments k
        where k.owner_id = owner and k.conversation_id = conversation and k.first_seq <= p.parent_seq
        order by k.first_seq desc limit 1
      ) s on true
      where p.parent_seq > above_seq
    ), page as (
      select m.* from path p cross join lateral (
        select k.* from messages k
        where k.owner_id = owner and k.conversation_id = conversation and k.seq >= p.first_seq
          and k.seq <= p.last_seq and k.seq > above_seq and k.seq < below_seq
        order by k.seq desc
      ) m
      -- One more: the parent of the first.
      limit page_limit + 1 offset skipped
    ), linked as (
      select
        p.*, lag(p.id) over (order by p.seq) as parent_id, coalesce(lag(p.seq) over (order by p.seq), 0) as parent_seq
      from page p order by p.seq desc limit page_limit
    ), forks as materialized (
      -- One scan of the index, not one for each message.
      select k.parent_seq, array_agg(k.first_seq order by k.first_seq) as firsts from segments k
      where k.owner_id = owner and k.conversation_id = conversation
        and k.parent_seq = any (array(select l.parent_seq from linked l))
      group by k.parent_seq
    )
    select coalesce(json_agg(placed order by placed.seq), '[]') from (
      select
        l.*, coalesce(array_position(v.versions, l.seq), 1) as version_index,
        coalesce(cardinality(v.versions), 1) as version_count
      from linked l
      left join forks f on f.parent_seq = l.parent_seq
      cross join lateral (
        select case
          -- What was deleted may have left its children to its parent.
          when has_deleted then versions_of(owner, conversation, l.parent_seq)
          when f.firsts is null then null
          when l.parent_seq = 0 then (cleared + 1) || f.firsts
          when exists (
            select from segments k
            where k.owner_id = owner and k.conversation_id = conversation and k.first_seq = l.parent_seq + 1
          ) then f.firsts
          else (l.parent_seq + 1) || f.firsts
        end as versions
      ) v
    ) placed
  );
end
$$;
