-- Holds the questions that wait in a conversation, or one of them, until their owner sends them again. The caller has set the owner.
create function hold_queued_questions(owner uuid, conversation text, message_id text) returns void
language sql security definer set search_path from current set enable_seqscan = off as $$
  update queued_questions k set is_held = true
  where k.owner_id = owner and k.conversation_id = conversation and not k.is_held
    and k.message_id = coalesce(hold_queued_questions.message_id, k.message_id)
$$;
