-- Returns a turn with its question and its answer; for a question that waits, only its row.
create function get_turn(owner uuid, conversation text, turn_id uuid)
returns table (turn json, question json, reply json)
language plpgsql stable security definer set search_path from current as $$
declare
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
  t turns;
  q queued_questions;
  cleared bigint;
begin
  select c.cleared_seq into cleared from conversations c
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  t := select_turn(owner, conversation, turn_id);
  if t.id is null then
    select * into q from queued_questions k
    where k.owner_id = owner and k.conversation_id = conversation and k.turn_id = get_turn.turn_id;
    if found then
      return query select null::json, to_json(q), null::json;
      return;
    end if;
  end if;
  if t.id is null or t.question_seq <= cleared then
    raise exception 'turn_not_found' using errcode = 'CK000';
  end if;
  turn := to_json(t);
  question := placed_message(owner, conversation, t.question_seq);
  if question is null then
    -- The question was deleted, and its turn with it.
    raise exception 'turn_not_found' using errcode = 'CK000';
  end if;
  reply := placed_message(owner, conversation, t.question_seq + t.reply_gap);
  return next;
end
$$;
