-- Stores a question at the end of its conversation's queue while a turn runs, and returns its row. A question with this id
-- that waits already is not stored again, and is no longer held. With `steers` it goes before the others, and the running
-- turn's node reads that at its next flush. Returns null when no turn runs and no question waits: the caller begins it. With
-- `is_new` false it only finds one that waits. Raises 'turn_in_progress' if `most` questions wait, or if all of them
-- would have more than `most_length` letters.
create function queue_question(
  owner uuid,
  conversation text,
  turn_id uuid,
  message_id text,
  reply_id text,
  parent text,
  body json,
  context_text text,
  metadata json,
  asker json,
  steers boolean,
  is_new boolean,
  most integer,
  most_length bigint
) returns json
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
#variable_conflict use_variable
declare
  c conversations := lock_conversation(owner, conversation);
  q queued_questions;
  waiting record;
begin
  if queue_question.steers then
    update running_turns r set steered_at = coalesce(r.steered_at, clock_timestamp())
    where r.owner_id = owner and r.conversation_id = conversation and r.id = c.running_turn
      and r.message_id <> message_id;
  end if;
  update queued_questions k set is_held = false, steers = k.steers or queue_question.steers
  where k.owner_id = owner and k.conversation_id = conversation and k.message_id = message_id
    and k.body::text = body::text and k.context_text is not distinct from context_text
  returning * into q;
  if found then
    return to_json(q);
  elsif exists (
    select from queued_questions k
    where k.owner_id = owner and k.conversation_id = conversation and k.message_id = message_id
  ) then
    raise exception 'idempotency_mismatch' using errcode = 'CK000', detail = message_id;
  end if;
  select
    count(*) as questions, coalesce(max(k.place), 0) as place, coalesce(sum(length(k.body::text)), 0) as length,
    (array_agg(k.turn_id order by not k.steers, k.place) filter (where not k.is_held))[1] as first
  into waiting from queued_questions k where k.owner_id = owner and k.conversation_id = conversation;
  if c.running_turn is null and waiting.first is null or exists (
    select from messages m
    where m.owner_id = owner and m.conversation_id = conversation and m.id = message_id and m.seq > c.cleared_seq
  ) then
    return null;
  elsif not is_new or waiting.questions >= most or waiting.length + length(body::text) > most_length then
    raise exception 'turn_in_progress' using errcode = 'CK000', detail = coalesce(c.running_turn, waiting.first)::text;
  end if;
  insert into queued_questions (
    owner_id, conversation_id, place, turn_id, reply_id, message_id, parent, body, context_text, metadata, asker, steers
  )
  values (
    owner, conversation, waiting.place + 1, turn_id, reply_id, message_id, parent, body, context_text, metadata, asker,
    steers
  )
  returning * into q;
  return to_json(q);
end
$$;
