-- Deletes all messages of a conversation in all branches, with the questions that wait and the state of a graph, and stops its running turn. The numbering continues.
create function clear_messages(owner uuid, conversation text) returns bigint
language plpgsql security definer set search_path from current as $$
declare
  deleted bigint;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select c.last_seq - c.cleared_seq - c.deleted_count into deleted from conversations c
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null for no key update;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  update conversations c set
    cleared_seq = c.last_seq, head_seq = null, fork_count = 0, deleted_count = 0, elsewhere_count = 0, running_turn = null, waiting_turn = null, preview = null, updated_at = clock_timestamp(),
    title = case when c.title_source = 'person' then c.title end,
    title_source = case when c.title_source = 'person' then c.title_source end
  where c.owner_id = owner and c.id = conversation;
  perform end_running_turn(owner, conversation);
  delete from segments s where s.owner_id = owner and s.conversation_id = conversation;
  delete from summaries s where s.owner_id = owner and s.conversation_id = conversation;
  delete from queued_questions q where q.owner_id = owner and q.conversation_id = conversation;
  -- A graph's state holds messages too.
  perform delete_checkpoints(owner, conversation);
  -- Purges a short conversation at once. The janitor purges the rest of a long one.
  perform purge_messages(owner, conversation, 1000);
  return deleted;
end
$$;
