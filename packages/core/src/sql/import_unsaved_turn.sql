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
  c conversations;
  t turns;
  m messages;
  current_slot smallint;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select * into c from conversations k
  where k.owner_id = owner and k.id = conversation and k.deleted_at is null for no key update;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;

  select * into m from messages k
  where k.owner_id = owner and k.conversation_id = conversation and k.id = message_id and k.seq > c.cleared_seq;
  if found then
    select * into t from turns k
    where k.owner_id = owner and k.id = m.turn_id and k.conversation_id = conversation and k.question_seq = m.seq;
    if not found or m.parts::text <> body::text or m.context_text is distinct from context_text then
      raise exception 'idempotency_mismatch' using errcode = 'CK000', detail = message_id;
    end if;
    -- Its beginning was committed, and its node never heard so: what was shown takes the place of nothing.
    if t.id = turn_id and t.status in ('running', 'interrupted') then
      update messages k set
        status = reply_status, parts = reply_body, error = reply_error, intent = reply_intent,
        processed = reply_processed, model = reply_model, usage = reply_usage, updated_at = clock_timestamp()
      where k.owner_id = owner and k.conversation_id = conversation and k.seq = t.question_seq + t.reply_gap;
      delete from message_words w
      where w.owner_id = owner and w.conversation_id = conversation and w.seq = t.question_seq + t.reply_gap;
      perform index_message(owner, conversation, t.question_seq + t.reply_gap, reply_word_text);
      -- Its events told less: they are gone, and it is replayed from its messages.
      delete from turn_events e where e.owner_id = owner and e.turn_id = t.id and e.slot = t.slot;
      update turns k set
        status = reply_status, error = reply_error, settled_at = clock_timestamp(), last_event = 2147483647
      where k.owner_id = owner and k.id = t.id
      returning * into t;
      update conversations k set
        running_turn = case when k.running_turn = t.id then null else k.running_turn end,
        updated_at = clock_timestamp(), preview = coalesce(new_preview, k.preview)
      where k.owner_id = owner and k.id = conversation;
      return query select 'imported', to_json(t);
      return;
    end if;
    return query select 'attached', to_json(t);
    return;
  end if;
  if c.running_turn is not null then
    raise exception 'turn_in_progress' using errcode = 'CK000', detail = c.running_turn::text;
  end if;
  -- Cleared messages may still be on the disk; their ids are free.
  if c.purged_seq < c.cleared_seq then
    delete from messages k
    where k.owner_id = owner and k.conversation_id = conversation and k.id = message_id and k.seq <= c.cleared_seq;
  end if;

  select s.slot into current_slot from event_slot s;
  if parent is not null or c.head_seq is not null then
    perform branch_off(owner, conversation, parent);
  end if;
  update conversations k set
    last_seq = k.last_seq + 2,
    head_seq = null,
    active_no = nextval('activity'),
    updated_at = clock_timestamp(),
    -- A title that came from the first question follows a new beginning.
    title = case when parent = '' and k.title_source = 'question' then coalesce(new_title, k.title) else coalesce(k.title, new_title) end,
    title_source = coalesce(k.title_source, case when new_title is not null then 'question' end),
    preview = coalesce(new_preview, k.preview)
  where k.owner_id = owner and k.id = conversation;
  insert into messages (owner_id, conversation_id, seq, id, turn_id, role, parts, context_text, metadata)
  values (owner, conversation, c.last_seq + 1, message_id, turn_id, 'user', body, context_text, metadata);
  insert into messages (
    owner_id, conversation_id, seq, id, turn_id, role, status, parts, error, intent, processed, model, usage
  )
  values (
    owner, conversation, c.last_seq + 2, reply_id, turn_id, 'assistant', reply_status, reply_body, reply_error,
    reply_intent, reply_processed, reply_model, reply_usage
  );
  perform index_message(owner, conversation, c.last_seq + 1, word_text);
  perform index_message(owner, conversation, c.last_seq + 2, reply_word_text);
  -- No node runs it. It has no events, so it is replayed from its messages.
  insert into turns (
    owner_id, id, conversation_id, question_seq, message_id, reply_id, node_id, slot, status, last_event, error, created_at, settled_at
  )
  values (
    owner, turn_id, conversation, c.last_seq + 1, message_id, reply_id, 0, current_slot, reply_status, 1, reply_error, created::timestamptz,
    clock_timestamp()
  )
  returning * into t;
  return query select 'imported', to_json(t);
end
$$;
