-- Begins a turn in one round trip: stores its question and opens it (see open_turn), with its first event, and returns
-- the context. A new question is refused when a budget of its owner is used up; `budgets` are the defaults. `outcome` is 'started', or 'attached' with the turn that the same question began before.
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
  context_limit integer,
  expected_head text,
  asker json,
  budgets json
) returns table (outcome text, turn json, conversation_row json, question json, history json, summary json)
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  opened record;
  t turns;
  c conversations;
  leaf bigint;
begin
  select * into opened from open_turn(
    owner, conversation, parent, node, turn_id,
    -- The time that the first event tells, so that both tell the same.
    start_chunk #>> '{messageMetadata,created_at}',
    message_id, reply_id, role, body, context_text, metadata, word_text, new_title, new_preview, expected_head,
    asker
  );
  t := opened.turn;
  c := opened.c;
  if opened.is_new then
    perform check_budgets(owner, budgets);
    -- A node that was taken for dead begins nothing. The conversation is locked first, as everywhere.
    perform hold_node(node, lease);
    insert into turn_events (owner_id, turn_id, seq, partition, chunk)
    values (owner, turn_id, 1, t.partition, start_chunk);
    -- A session that asks is not idle.
    update owners o set active_at = clock_timestamp()
    where o.id = owner and o.active_at < clock_timestamp() - interval '1 day';
  end if;
  leaf := case when c.fork_count > 0 then t.question_seq end;
  -- A repeat of this call after a lost connection: the first call began it. A question that waited may be begun by any node.
  outcome := case when t.id = turn_id and t.node_id = node then 'started' else 'attached' end;
  turn := to_json(t);
  conversation_row := to_json(c);
  question := case
    when leaf is null then to_json(opened.asked) else placed_message(owner, conversation, leaf)
  end;
  history := context_messages(owner, conversation, leaf, c.cleared_seq, t.question_seq, context_limit);
  summary := latest_summary(owner, conversation, leaf, c.cleared_seq);
  return next;
end
$$;
