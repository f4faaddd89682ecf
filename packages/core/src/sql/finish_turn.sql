-- Stores a turn's answer, and settles it. The conversation's row must be locked, and the caller has set the owner.
create function finish_turn(
  t turns,
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
  reply_seq bigint := t.question_seq + t.reply_gap;
begin
  update messages m set
    -- The words of an answer that waits are all there.
    status = case when new_status = 'waiting' then 'complete' else new_status end, parts = body, intent = new_intent, processed = new_processed, model = new_model,
    usage = new_usage, error = new_error, updated_at = clock_timestamp()
  where m.owner_id = t.owner_id and m.conversation_id = t.conversation_id and m.seq = reply_seq;
  if found then
    perform index_message(t.owner_id, t.conversation_id, reply_seq, word_text);
  end if;
  update conversations k set
    -- Not active_no: the question has moved the conversation to the top of its list.
    running_turn = nullif(k.running_turn, t.id),
    waiting_turn = case when new_status = 'waiting' then t.id else k.waiting_turn end,
    updated_at = clock_timestamp(),
    -- Of the head: the answer may be on another branch by now, or have messages behind it.
    preview = case
      when coalesce(k.head_seq, k.last_seq) = reply_seq then coalesce(new_preview, k.preview) else k.preview end
  where k.owner_id = t.owner_id and k.id = t.conversation_id;
  perform count_usage(t.owner_id, new_model, new_usage);
  -- The person who stops an answer decides which question comes next.
  if new_status = 'stopped' then
    perform hold_queued_questions(t.owner_id, t.conversation_id, null);
  end if;
  return close_turn(t, new_status, new_error, new_last_event);
end
$$;
