-- Stores a turn that was answered while the database was down: question and answer as they were shown.
-- The same question again stores nothing. `outcome` is 'imported', or 'attached' with the turn
-- that the question began before and that was settled otherwise.
create function import_unsaved_turn(
  owner uuid,
  conversation text,
  parent text,
  turn_id uuid,
  created text,
  message_id text,
  reply_id text,
  body json,
  context_text text,
  metadata json,
  reply_status text,
  reply_body json,
  reply_error json,
  reply_intent text,
  reply_processed boolean,
  reply_model text,
  reply_usage json,
  word_text text,
  reply_word_text text,
  new_title text,
  new_preview text
) returns table (outcome text, turn json)
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  opened record;
  t turns;
begin
  select * into opened from open_turn(
    -- No node runs it.
    owner, conversation, parent, 0, turn_id, created, message_id, reply_id, 'user', body, context_text,
    metadata, word_text, new_title, new_preview, null, null
  );
  t := opened.turn;
  if t.id <> turn_id or not opened.is_new and t.status not in ('running', 'interrupted') then
    return query select 'attached', to_json(t);
    return;
  end if;
  if not opened.is_new then
    -- Its beginning was committed, and its node never heard so. Its events told less: it is replayed from its messages.
    delete from turn_events e where e.owner_id = owner and e.turn_id = t.id and e.partition = t.partition;
    delete from message_words w
    where w.owner_id = owner and w.conversation_id = conversation and w.seq = t.question_seq + t.reply_gap;
  end if;
  t := finish_turn(
    t, reply_status, reply_body, reply_intent, reply_processed, reply_model, reply_usage, reply_error,
    case when opened.is_new then 1 else 2147483647 end, reply_word_text, new_preview
  );
  return query select 'imported', to_json(t);
end
$$;
