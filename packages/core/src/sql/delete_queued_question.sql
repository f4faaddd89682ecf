-- Deletes a question from its conversation's queue.
create function delete_queued_question(owner uuid, conversation text, message_id text) returns void
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
#variable_conflict use_variable
begin
  perform lock_conversation(owner, conversation);
  delete from queued_questions k
  where k.owner_id = owner and k.conversation_id = conversation and k.message_id = message_id;
  if not found then
    raise exception 'message_not_found' using errcode = 'CK000';
  end if;
  -- Its readers may be on any node.
  perform pg_notify('chatkeep_events', '');
end
$$;
