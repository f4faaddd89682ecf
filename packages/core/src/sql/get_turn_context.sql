-- Returns the context that the responder of a turn got; null when it was not recorded.
create function get_turn_context(owner uuid, conversation text, turn_id uuid) returns json
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
begin
  perform set_config('chatkeep.owner', owner::text, true);
  return (
    select k.context from turn_contexts k
    join turns t on t.owner_id = k.owner_id and t.id = k.turn_id
    where k.owner_id = owner and k.turn_id = turn_id and t.conversation_id = conversation and t.question_seq > (
      select c.cleared_seq from conversations c where c.owner_id = owner and c.id = conversation
    )
  );
end
$$;
