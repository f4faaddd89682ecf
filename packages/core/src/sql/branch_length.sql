-- Returns the number of messages in the branch that ends with `leaf` (0: none). The caller has set the owner.
create function branch_length(owner uuid, conversation text, leaf bigint) returns bigint
language plpgsql stable security definer set search_path from current as $$
declare
  c conversations;
  s segments;
begin
  select * into c from conversations k where k.owner_id = owner and k.id = conversation;
  if leaf <= c.cleared_seq then
    return 0;
  end if;
  select * into s from segments k
  where k.owner_id = owner and k.conversation_id = conversation and k.first_seq <= leaf
  order by k.first_seq desc limit 1;
  return coalesce(s.depth + leaf - s.first_seq, leaf - c.cleared_seq) - case when c.deleted_count = 0 then 0 else (
    select count(*) from branch_of(owner, conversation, leaf, c.cleared_seq, leaf + 1, leaf) b cross join lateral (
      select d.seq from deleted_messages d
      where d.owner_id = owner and d.conversation_id = conversation
        and d.seq >= b.first_seq and d.seq <= b.last_seq and d.seq > c.cleared_seq
      offset 0
    ) gone
  ) end;
end
$$;
