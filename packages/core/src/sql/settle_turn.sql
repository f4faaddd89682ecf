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
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
  t turns;
  last_event integer := event_seqs[cardinality(event_seqs)];
begin
  perform 1 from conversations k where k.owner_id = owner and k.id = conversation for no key update;
  t := select_turn(owner, conversation, turn_id);
  if t.status is distinct from 'running' then
    -- Or a repeat of this call after a lost connection.
    return coalesce(t.node_id = node and t.status = new_status and t.last_event = last_event, false);
  end if;
  -- As in hold_node.
  perform pg_advisory_xact_lock_shared('nodes'::regclass::oid::integer, t.node_id::integer);
  if t.node_id <> node or exists (select from nodes n where n.id = t.node_id) <> (node is not null) then
    -- The node lives and this is somebody else, or it was taken for dead and this is itself.
    return false;
  end if;

  insert into turn_events (owner_id, turn_id, seq, partition, chunk)
  select owner, turn_id, e.seq, t.partition, e.chunk from unnest(event_seqs, event_chunks) as e (seq, chunk);
  t := finish_turn(
    t, new_status, body, new_intent, new_processed, new_model, new_usage, new_error, last_event, word_text, new_preview
  );
  -- What the responder was given, in the same commit.
  if new_context is not null then
    insert into turn_contexts (owner_id, turn_id, context) values (owner, turn_id, new_context);
  end if;
  if t.stop_requested_at is not null or exists (select from nodes n where n.id <> t.node_id) then
    perform pg_notify('chatkeep_events', t.node_id::text);
  end if;
  return true;
end
$$;
