-- Settles a turn in one transaction: its last events, its answer, its status and the conversation's
-- activity. True if this call settled it; false if it was settled or gone before (a settled turn never
-- revives). `node` is the turn's own, or null for one who takes over a dead node's turn.
create function settle_turn(
  owner uuid,
  conversation text,
  turn_id uuid,
  node bigint,
  new_status text,
  body json,
  new_intent text,
  new_processed boolean,
  new_model text,
  new_usage json,
  new_error json,
  new_context json,
  event_seqs integer[],
  event_chunks json[],
  word_text text,
  new_preview text
) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  t turns;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  perform 1 from conversations k where k.owner_id = owner and k.id = conversation for no key update;
  select * into t from turns k where k.owner_id = owner and k.id = turn_id for update;
  if not found or t.status <> 'running' then
    -- Or a repeat of this call after a lost connection.
    return coalesce(
      t.node_id = node and t.status = new_status and t.last_event = event_seqs[cardinality(event_seqs)], false
    );
  end if;
  perform 1 from nodes n where n.id = t.node_id for key share;
  if found <> (node is not null) or t.node_id <> coalesce(node, t.node_id) then
    -- The node lives and this is somebody else, or it was taken for dead and this is itself.
    return false;
  end if;

  insert into turn_events (owner_id, turn_id, seq, slot, chunk)
  select owner, turn_id, e.seq, t.slot, e.chunk from unnest(event_seqs, event_chunks) as e (seq, chunk);
  update messages m set
    status = new_status, parts = body, intent = new_intent, processed = new_processed, model = new_model,
    usage = new_usage, error = new_error, updated_at = clock_timestamp()
  where m.owner_id = owner and m.conversation_id = conversation and m.seq = t.question_seq + t.reply_gap;
  if found then
    perform index_message(owner, conversation, t.question_seq + t.reply_gap, word_text);
  end if;
  -- What the responder was given, in the same commit.
  if new_context is not null then
    insert into turn_contexts (owner_id, turn_id, context) values (owner, turn_id, new_context);
  end if;
  update turns k set
    status = new_status, error = new_error, settled_at = clock_timestamp(),
    last_event = event_seqs[cardinality(event_seqs)]
  where k.owner_id = owner and k.id = turn_id;
  update conversations k set
    -- Not active_no, which four indexes hold: the question has moved the conversation to the top of its list.
    running_turn = null, updated_at = clock_timestamp(),
    preview = case
      when k.fork_count = 0 or cardinality(on_head(owner, conversation, array[t.question_seq + t.reply_gap])) > 0
        then coalesce(new_preview, k.preview)
      else k.preview end
  where k.owner_id = owner and k.id = conversation;
  if t.stop_requested_at is not null or exists (select from nodes n where n.id <> t.node_id) then
    perform pg_notify('chatkeep_events', t.node_id::text);
  end if;
  return true;
end
$$;
