-- The parts of a conversation's first question, from which its title is made; null when there is none.
create function first_question(owner uuid, conversation text) returns json
language plpgsql security definer set search_path from current as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  return (
    select m.parts from messages m, conversations c
    where c.owner_id = owner and c.id = conversation and m.owner_id = owner
      and m.conversation_id = conversation and m.seq > c.cleared_seq and m.role = 'user'
    order by m.seq limit 1
  );
end
$$;
