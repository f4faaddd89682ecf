-- Returns the messages that follow `parent` (0: the beginning) in order of arrival: versions of each other. A message
-- that followed a deleted one counts as following the one before it. The caller has set the owner.
create function versions_of(owner uuid, conversation text, parent bigint) returns bigint[]
language plpgsql stable security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
declare
  c conversations;
  next_seq bigint;
begin
  select * into c from conversations k where k.owner_id = owner and k.id = conversation;
  next_seq := case when parent <= c.cleared_seq then c.cleared_seq else parent end + 1;
  return (
    with recursive begun (first_seq) as (
      select next_seq where next_seq <= c.last_seq and not exists (
        select from segments k
        where k.owner_id = owner and k.conversation_id = conversation and k.first_seq = next_seq
      )
      union all
      select k.first_seq from segments k
      where k.owner_id = owner and k.conversation_id = conversation and k.parent_seq = parent
    ), run (first_seq, seq, last_seq) as (
      select b.first_seq, n.seq, e.last_seq
      from begun b
      cross join lateral (select segment_end(owner, conversation, b.first_seq, c.last_seq) as last_seq) e
      left join lateral (
        select m.seq from messages m
        where m.owner_id = owner and m.conversation_id = conversation
          and m.seq >= b.first_seq and m.seq <= e.last_seq
        order by m.seq limit 1
      ) n on true
      union all
      -- Below the deleted messages at the start of a run.
      select k.first_seq, n.seq, e.last_seq
      from run r
      join lateral (
        select s.first_seq from segments s
        where s.owner_id = owner and s.conversation_id = conversation
          and s.parent_seq >= r.first_seq and s.parent_seq < case when r.seq is null then r.last_seq + 1 else r.seq end
        offset 0
      ) k on r.seq is distinct from r.first_seq
      cross join lateral (select segment_end(owner, conversation, k.first_seq, c.last_seq) as last_seq) e
      left join lateral (
        select m.seq from messages m
        where m.owner_id = owner and m.conversation_id = conversation
          and m.seq >= k.first_seq and m.seq <= e.last_seq
        order by m.seq limit 1
      ) n on true
    )
    select coalesce(array_agg(r.seq order by r.seq), '{}') from run r where r.seq is not null
  );
end
$$;
