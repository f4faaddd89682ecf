-- Moves a conversation to the trash and requests its running turn to stop. The turn's node settles it with all its
-- text. Questions that wait are held.
create function delete_conversation(owner uuid, conversation text) returns void
language plpgsql security definer set search_path from current as $$
declare
  c conversations;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  update conversations k set deleted_at = clock_timestamp()
  where k.owner_id = owner and k.id = conversation and k.deleted_at is null
  returning * into c;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  if c.running_turn is not null then
    update running_turns t set stop_requested_at = coalesce(t.stop_requested_at, clock_timestamp())
    where t.owner_id = owner and t.conversation_id = conversation;
  end if;
  perform hold_queued_questions(owner, conversation, null);
  update owners o set
    conversation_count = o.conversation_count - case when c.archived_at is null then 1 else 0 end,
    archived_count = o.archived_count - case when c.archived_at is null then 0 else 1 end
  where o.id = owner and c.expires_at is null;
end
$$;
