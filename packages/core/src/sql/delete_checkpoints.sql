-- Deletes the state of a graph's thread. The conversation stays. Idempotent.
create function delete_checkpoints(owner uuid, conversation text) returns void
language plpgsql security definer set search_path from current as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  perform 1 from conversations c where c.owner_id = owner and c.id = conversation for no key update;
  delete from checkpoints k where k.owner_id = owner and k.conversation_id = conversation;
  delete from checkpoint_values v where v.owner_id = owner and v.conversation_id = conversation;
  delete from checkpoint_writes w where w.owner_id = owner and w.conversation_id = conversation;
end
$$;
