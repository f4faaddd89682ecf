-- Returns the number of the latest message that follows `seq` in any version, or of `seq` itself; 0 when none is
-- left. The caller has set the owner.
create function latest_leaf(owner uuid, conversation text, seq bigint) returns bigint
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
begin
  return coalesce((
    select m.seq
    from (select d.* from descendants_of(owner, conversation, seq) d order by d.first_seq desc) b
    cross join lateral (
      select k.seq from messages k
      where k.owner_id = owner and k.conversation_id = conversation and k.seq >= b.first_seq and k.seq <= b.last_seq
      order by k.seq desc limit 1
    ) m
    limit 1
  ), 0);
end
$$;
