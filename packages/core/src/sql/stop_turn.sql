-- Requests a turn's node to stop it at its next flush. A settled turn does not change.
create function stop_turn(owner uuid, conversation text, turn_id uuid) returns json
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  t turns;
  cleared bigint;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select c.cleared_seq into cleared from conversations c
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  update turns k set stop_requested_at = clock_timestamp()
  where k.owner_id = owner and k.id = turn_id and k.conversation_id = conversation
    and k.status = 'running' and k.stop_requested_at is null;
  select * into t from turns k
  where k.owner_id = owner and k.id = turn_id and k.conversation_id = conversation;
  if not found or t.question_seq <= cleared then
    raise exception 'turn_not_found' using errcode = 'CK000';
  end if;
  return to_json(t);
end
$$;
