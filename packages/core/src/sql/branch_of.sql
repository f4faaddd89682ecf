-- The ranges of numbers that a branch consists of, from its last message `leaf` down to the number `above_seq`; the
-- first of the trunk is given as 0. The caller has set the owner.
create function branch_of(owner uuid, conversation text, leaf bigint, above_seq bigint)
returns table (first_seq bigint, last_seq bigint)
language plpgsql security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
begin
  return query
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
  )
  select p.first_seq, p.last_seq from path p;
end
$$;
