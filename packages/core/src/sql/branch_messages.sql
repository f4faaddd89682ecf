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
  has_deleted boolean := (
    select c.deleted_count > 0 from conversations c where c.owner_id = owner and c.id = conversation
  );
begin
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
    )
    select coalesce(json_agg(placed order by placed.seq), '[]') from (
      select
        l.*,
        case when d.versions is null then greatest(1, f.earlier + f.goes_on)
          else array_position(d.versions, l.seq) end as version_index,
        case when d.versions is null then greatest(1, f.forks + f.goes_on)
          else cardinality(d.versions) end as version_count
      from linked l
      cross join lateral (
        select n.forks, n.earlier, case
          when n.forks > 0 and (l.parent_seq = 0 or not exists (
            select from segments k
            where k.owner_id = owner and k.conversation_id = conversation and k.first_seq = l.parent_seq + 1
          )) then 1 else 0 end as goes_on
        from (
          select count(*) as forks, count(*) filter (where k.first_seq <= l.seq) as earlier from segments k
          where k.owner_id = owner and k.conversation_id = conversation and k.parent_seq = l.parent_seq
        ) n
      ) f
      cross join lateral (
        -- What was deleted may have left its children to its parent.
        select case when has_deleted then versions_of(owner, conversation, l.parent_seq) end as versions
      ) d
    ) placed
  );
end
$$;
