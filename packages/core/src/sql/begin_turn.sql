-- Begins a turn in one round trip: locks the conversation, finds out whether the question was asked
-- before, stores it behind `parent` (see branch_off), opens the turn with its empty answer and its first
-- event, and returns the context. `outcome` is 'started', or 'attached' with the turn that the same question began.
-- Without a `body` the stored question with this id is answered once more: the new answer is a version of the old one.
-- The same `reply_id` again attaches.
create function begin_turn(
  owner uuid,
  conversation text,
  parent text,
  node bigint,
  lease interval,
  turn_id uuid,
  message_id text,
  reply_id text,
  role text,
  body json,
  context_text text,
  metadata json,
  word_text text,
  start_chunk json,
  new_title text,
  new_preview text,
  context_limit integer
) returns table (outcome text, turn json, conversation_row json, question json, history json, summary json)
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  c conversations;
  t turns;
  m messages;
  asked messages;
  current_slot smallint;
  renew boolean;
  is_idle boolean;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select * into c from conversations k
  where k.owner_id = owner and k.id = conversation and k.deleted_at is null for no key update;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;

  select * into m from messages k
  where k.owner_id = owner and k.conversation_id = conversation and k.id = message_id and k.seq > c.cleared_seq;
  if not found and body is null then
    raise exception 'message_not_found' using errcode = 'CK000';
  elsif body is null then
    asked := m;
    select k.* into t from messages r join turns k on k.owner_id = owner and k.id = r.turn_id
    where r.owner_id = owner and r.conversation_id = conversation and r.id = begin_turn.reply_id and r.seq > c.cleared_seq;
    if found and t.question_seq <> m.seq then
      raise exception 'idempotency_mismatch' using errcode = 'CK000', detail = begin_turn.reply_id;
    end if;
  elsif found then
    select * into t from turns k
    where k.owner_id = owner and k.id = m.turn_id and k.conversation_id = conversation and k.question_seq = m.seq;
    if not found or m.role <> role or m.parts::text <> body::text
      or m.context_text is distinct from context_text then
      raise exception 'idempotency_mismatch' using errcode = 'CK000', detail = message_id;
    end if;
  end if;
  if t.id is not null then
    return query select
      -- A repeat of this call after a lost connection: the first call began it.
      case when t.id = turn_id then 'started' else 'attached' end,
      to_json(t), to_json(c), placed_message(owner, conversation, m.seq),
      latest_messages(
        owner, conversation, case when c.fork_count > 0 then m.seq end, c.cleared_seq, m.seq, context_limit
      ),
      latest_summary(owner, conversation, case when c.fork_count > 0 then m.seq end, c.cleared_seq);
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

  -- The node's row stays locked until the commit: a node that was taken for dead begins nothing.
  select n.lease_until < clock_timestamp() + lease * 0.7, s.slot, o.active_at < clock_timestamp() - interval '1 day'
  into renew, current_slot, is_idle
  from nodes n, event_slot s, owners o where n.id = node and o.id = owner for key share of n;
  if not found then
    raise exception 'node_fenced' using errcode = 'CK001';
  end if;
  -- A node without turns renews no lease, so it is done here.
  if renew then
    update nodes n set lease_until = clock_timestamp() + lease where n.id = node;
  end if;
  if is_idle then
    update owners o set active_at = clock_timestamp() where o.id = owner;
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
    active_no = nextval('activity'),
    updated_at = clock_timestamp(),
    -- A title that came from the first question follows a new beginning.
    title = case when parent = '' and k.title_source = 'question' then coalesce(new_title, k.title) else coalesce(k.title, new_title) end,
    title_source = coalesce(k.title_source, case when new_title is not null then 'question' end),
    preview = coalesce(new_preview, k.preview)
  where k.owner_id = owner and k.id = conversation
  returning * into c;
  if asked.id is null then
    insert into messages as k (owner_id, conversation_id, seq, id, turn_id, role, parts, context_text, metadata)
    values (owner, conversation, c.last_seq - 1, message_id, turn_id, role, body, context_text, metadata)
    returning k.* into asked;
    perform index_message(owner, conversation, asked.seq, word_text);
  end if;
  insert into messages (owner_id, conversation_id, seq, id, turn_id, role, status, parts)
  values (owner, conversation, c.last_seq, reply_id, turn_id, 'assistant', 'streaming', '[]');
  -- The time that the first event tells, so that both tell the same.
  insert into turns (
    owner_id, id, conversation_id, question_seq, reply_gap, message_id, reply_id, node_id, slot, created_at
  )
  values (
    owner, turn_id, conversation, asked.seq, c.last_seq - asked.seq, asked.id, reply_id, node, current_slot,
    (start_chunk #>> '{messageMetadata,created_at}')::timestamptz
  )
  returning * into t;
  insert into turn_events (owner_id, turn_id, seq, slot, chunk) values (owner, turn_id, 1, current_slot, start_chunk);

  return query select 'started', to_json(t), to_json(c),
    case when c.fork_count > 0 then placed_message(owner, conversation, asked.seq) else to_json(asked) end,
    latest_messages(
      owner, conversation, case when c.fork_count > 0 then asked.seq end, c.cleared_seq, asked.seq, context_limit
    ),
    latest_summary(owner, conversation, case when c.fork_count > 0 then asked.seq end, c.cleared_seq);
end
$$;
