-- Returns the parts of the first question on the head's branch, for the title; null when there is none.
create function first_question(owner uuid, conversation text) returns json
language plpgsql stable security definer set search_path from current as $$
declare
  c conversations;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select * into c from conversations k where k.owner_id = owner and k.id = conversation;
  return (
    select m.parts
    from (
      select b.* from branch_of(owner, conversation, coalesce(c.head_seq, c.last_seq), c.cleared_seq, c.last_seq + 1, c.last_seq) b order by b.first_seq
    ) b
    cross join lateral (
      select k.parts from messages k
      where k.owner_id = owner and k.conversation_id = conversation and k.seq >= b.first_seq and k.seq <= b.last_seq
        and k.seq > c.cleared_seq and k.role = 'user'
      order by k.seq limit 1
    ) m
    limit 1
  );
end
$$;
