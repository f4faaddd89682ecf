-- Locks a conversation, finds out whether a question was asked before, and if not stores it behind `parent` (see
-- branch_off), with its empty answer, and opens its turn. With `expected_head`, raises 'conflict' when the head is another
-- message: two clients that answer one call do not both go on with it. Without a `body` the stored question with this id is answered
-- once more: the new answer is a version of the old one, and the same `reply_id` again finds its turn. Returns the
-- turn with its conversation and its question.
create function open_turn(
  owner uuid,
  conversation text,
  parent text,
  node bigint,
  turn_id uuid,
  created text,
  message_id text,
  reply_id text,
  role text,
  body json,
  context_text text,
  metadata json,
  word_text text,
  new_title text,
  new_preview text,
  expected_head text,
  asker json
) returns table (is_new boolean, turn turns, c conversations, asked messages)
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
#variable_conflict use_variable
begin
  c := lock_conversation(owner, conversation);

  select * into asked from messages k
  where k.owner_id = owner and k.conversation_id = conversation and k.id = message_id and k.seq > c.cleared_seq;
  if not found and body is null then
    raise exception 'message_not_found' using errcode = 'CK000';
  elsif body is null then
    turn := select_turn(owner, conversation, (
      select r.turn_id from messages r
      where r.owner_id = owner and r.conversation_id = conversation and r.id = reply_id and r.seq > c.cleared_seq
    ));
    if turn.question_seq <> asked.seq then
      raise exception 'idempotency_mismatch' using errcode = 'CK000', detail = reply_id;
    end if;
  elsif found then
    turn := select_turn(owner, conversation, asked.turn_id);
    if turn.question_seq is distinct from asked.seq or asked.role <> role or asked.parts::text <> body::text
      or asked.context_text is distinct from context_text then
      raise exception 'idempotency_mismatch' using errcode = 'CK000', detail = message_id;
    end if;
  end if;
  is_new := turn.id is null;
  if not is_new then
    return next;
    return;
  end if;

  if c.running_turn is not null then
    raise exception 'turn_in_progress' using errcode = 'CK000', detail = c.running_turn::text;
  elsif expected_head is not null and not exists (
    select from messages k
    where k.owner_id = owner and k.conversation_id = conversation and k.seq = coalesce(c.head_seq, c.last_seq)
      and k.id = expected_head
  ) then
    raise exception 'conflict' using errcode = 'CK000',
      detail = 'The calls of the last answer were answered meanwhile. Read the messages again.';
  end if;
  -- None in nearly all conversations.
  if exists (select from queued_questions q where q.owner_id = owner and q.conversation_id = conversation) then
    perform take_queued_question(owner, conversation, turn_id, message_id, c.waiting_turn is not null);
  end if;
  if c.waiting_turn is not null then
    perform end_waiting(owner, c.waiting_turn);
  end if;
  -- Cleared messages may still be on the disk; their ids are free.
  if c.purged_seq < c.cleared_seq then
    delete from messages k
    where k.owner_id = owner and k.conversation_id = conversation and k.id = message_id and k.seq <= c.cleared_seq;
  end if;
  if asked.id is not null then
    perform branch_off(owner, conversation, asked.id);
  elsif parent is not null or c.head_seq is not null then
    perform branch_off(owner, conversation, parent);
  end if;
  update conversations k set
    last_seq = k.last_seq + case when asked.id is null then 2 else 1 end,
    head_seq = null,
    running_turn = turn_id,
    waiting_turn = null,
    active_no = next_active_no(owner, k.active_no),
    updated_at = clock_timestamp(),
    -- A title that came from the first question follows a new beginning.
    title = case when parent = '' and k.title_source = 'question' then coalesce(new_title, k.title) else coalesce(k.title, new_title) end,
    title_source = coalesce(k.title_source, case when new_title is not null then 'question' end),
    preview = coalesce(new_preview, k.preview)
  where k.owner_id = owner and k.id = conversation
  returning * into c;
  if asked.id is null then
    with stored as (
      insert into messages as k (owner_id, conversation_id, seq, id, turn_id, role, status, parts, context_text, metadata)
      values
        (owner, conversation, c.last_seq - 1, message_id, turn_id, role, 'complete', body, context_text, metadata),
        (owner, conversation, c.last_seq, reply_id, turn_id, 'assistant', 'streaming', '[]', null, null)
      returning k.*
    )
    select * into asked from stored s where s.id = message_id;
    perform index_message(owner, conversation, asked.seq, word_text);
  else
    insert into messages (owner_id, conversation_id, seq, id, turn_id, role, status, parts)
    values (owner, conversation, c.last_seq, reply_id, turn_id, 'assistant', 'streaming', '[]');
  end if;
  insert into running_turns as r (
    owner_id, id, conversation_id, question_seq, reply_gap, message_id, reply_id, node_id, partition, created_at,
    asker, stop_requested_at
  )
  select owner, turn_id, conversation, asked.seq, c.last_seq - asked.seq, asked.id, reply_id, node, p.partition,
    created::timestamptz, asker, case when c.stop_asked_at > created::timestamptz then c.stop_asked_at end
  from event_partition p
  returning r.* into turn;
  return next;
end
$$;
