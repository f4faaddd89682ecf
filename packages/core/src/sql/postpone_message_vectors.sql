-- Releases claimed messages, to be claimed again after `pause_ms`; null: never, because they have no text or the model
-- refuses it.
create function postpone_message_vectors(owner uuid, conversations text[], seqs bigint[], pause_ms bigint)
returns void
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
begin
  perform set_config('chatkeep.owner', owner::text, true);
  if to_regclass('message_vectors') is null then
    return;
  end if;
  update message_vectors v set due_at = clock_timestamp() + pause_ms * interval '1 millisecond'
  from unnest(conversations, seqs) given (conversation, seq)
  where v.owner_id = owner and v.conversation_id = given.conversation and v.seq = given.seq;
end
$$;
