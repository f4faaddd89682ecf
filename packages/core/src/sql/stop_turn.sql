-- Requests a turn's node to stop it at its next flush. A settled turn does not change. A question
-- that waits is held; its row is returned.
create function stop_turn(owner uuid, conversation text, turn_id uuid) returns json
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
#variable_conflict use_variable
declare
  t turns;
  q queued_questions;
  cleared bigint;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select c.cleared_seq into cleared from conversations c
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  update running_turns r set stop_requested_at = clock_timestamp()
  where r.owner_id = owner and r.conversation_id = conversation and r.id = turn_id and r.stop_requested_at is null;
  t := select_turn(owner, conversation, turn_id);
  if t.id is null then
    update queued_questions k set is_held = true
    where k.owner_id = owner and k.conversation_id = conversation and k.turn_id = turn_id returning * into q;
    if found then
      perform pg_notify('chatkeep_events', '');
      return to_json(q);
    end if;
  end if;
  if t.id is null or t.question_seq <= cleared then
    raise exception 'turn_not_found' using errcode = 'CK000';
  end if;
  return to_json(t);
end
$$;
