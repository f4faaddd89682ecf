-- Returns the ranges of numbers that a branch consists of, the latest first: from its last message `leaf`, or from the
-- last number below `below_seq`, down to the number `above_seq`, or until they hold `wanted` numbers. The first of the
-- trunk is given as 0. The caller has set the owner. A segment's row names the 64 segments before it, so that 50 forks
-- are crossed by one lookup (15 us) instead of 50 (400 us).
create function branch_of(
  owner uuid,
  conversation text,
  leaf bigint,
  above_seq bigint,
  below_seq bigint,
  wanted bigint
) returns table (first_seq bigint, last_seq bigint)
language plpgsql security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_variable
declare
  range_count bigint;
begin
  last_seq := leaf;
  loop
    return query
    select b.first_seq, least(b.last_seq, below_seq - 1)
    from (select) one left join lateral (
      select k.first_seq, k.parent_seq, k.path_firsts, k.path_parents from segments k
      where k.owner_id = owner and k.conversation_id = conversation and k.first_seq <= last_seq
      order by k.first_seq desc limit 1
    ) s on true
    cross join lateral unnest(
      coalesce(s.first_seq, 0) || s.path_firsts, array[last_seq, s.parent_seq] || s.path_parents
    ) b (first_seq, last_seq)
    where b.first_seq < below_seq and b.last_seq > above_seq;
    get diagnostics range_count = row_count;
    wanted := wanted - range_count;
    exit when wanted <= 0;
    select coalesce(k.path_parents[cardinality(k.path_parents)], k.parent_seq) into last_seq from segments k
    where k.owner_id = owner and k.conversation_id = conversation and k.first_seq <= last_seq
    order by k.first_seq desc limit 1;
    exit when last_seq is null or last_seq <= above_seq;
  end loop;
end
$$;
