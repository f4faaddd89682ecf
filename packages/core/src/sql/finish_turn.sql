-- Stores a turn's answer, and settles it. The conversation's row must be locked, and the caller has set the owner.
create function finish_turn(
  owner uuid,
  conversation text,
  turn_id uuid,
  new_status text,
  body json,
  new_intent text,
  new_processed boolean,
  new_model text,
  new_usage json,
  new_error json,
  new_last_event integer,
  word_text text,
  new_preview text
) returns turns
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  turn turns := close_turn(owner, conversation, turn_id, new_status, new_error, new_last_event);
  reply_seq bigint := turn.question_seq + turn.reply_gap;
begin
  update messages m set
    status = new_status, parts = body, intent = new_intent, processed = new_processed, model = new_model,
    usage = new_usage, error = new_error, updated_at = clock_timestamp()
  where m.owner_id = owner and m.conversation_id = conversation and m.seq = reply_seq;
  if found then
    perform index_message(owner, conversation, reply_seq, word_text);
  end if;
  update conversations k set
    -- Not active_no: the question has moved the conversation to the top of its list.
    running_turn = nullif(k.running_turn, turn_id), updated_at = clock_timestamp(),
    -- Of the head: the answer may be on another branch by now, or have messages behind it.
    preview = case
      when coalesce(k.head_seq, k.last_seq) = reply_seq then coalesce(new_preview, k.preview) else k.preview end
  where k.owner_id = owner and k.id = conversation;
  return turn;
end
$$;
