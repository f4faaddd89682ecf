-- Returns the numbers below `below_seq` of the branch that ends with `leaf` (null: the head) as ranges, the earliest
-- first, each with the place of its first message: neighbours on the branch have consecutive places. On the trunk a
-- place is the number. The caller has set the owner.
create function branch_ranges(owner uuid, conversation text, leaf bigint, below_seq bigint)
returns table (firsts bigint[], lasts bigint[], places bigint[])
language plpgsql stable security definer set search_path from current as $$
declare
  c conversations;
begin
  select * into c from conversations k where k.owner_id = owner and k.id = conversation;
  leaf := coalesce(leaf, c.head_seq, c.last_seq);
  if c.fork_count = 0 then
    return query select array[0::bigint], array[least(leaf, below_seq - 1)], array[0::bigint];
    return;
  end if;
  return query
  select
    coalesce(array_agg(b.first_seq order by b.first_seq), '{}'), coalesce(array_agg(b.last_seq order by b.first_seq), '{}'),
    coalesce(array_agg(b.last_place - b.last_seq + b.first_seq order by b.first_seq), '{}')
  from (
    select
      r.first_seq, r.last_seq,
      (min(r.first_seq) over () - 1 + sum(r.last_seq - r.first_seq + 1) over (order by r.first_seq))::bigint as last_place
    from branch_of(owner, conversation, leaf, c.cleared_seq, below_seq, c.last_seq) r
  ) b;
end
$$;
