-- A turn with its question and its answer's message.
create function get_turn(owner uuid, conversation text, turn_id uuid)
returns table (turn json, question json, reply json)
language plpgsql security definer set search_path from current as $$
declare
  t turns;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  if not exists (
    select from conversations c where c.owner_id = owner and c.id = conversation and c.deleted_at is null
  ) then
    perform refuse_conversation(owner, conversation);
  end if;
  select * into t from turns k
  where k.owner_id = owner and k.id = get_turn.turn_id and k.conversation_id = conversation;
  if not found then
    raise exception 'turn_not_found' using errcode = 'CK000';
  end if;
  turn := to_json(t);
  select to_json(m) into question from messages m
  where m.owner_id = owner and m.conversation_id = conversation and m.seq = t.question_seq;
  select to_json(m) into reply from messages m
  where m.owner_id = owner and m.conversation_id = conversation and m.seq = t.question_seq + 1;
  return next;
end
$$;
