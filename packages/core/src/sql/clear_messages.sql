-- Deletes all messages of a conversation, of all branches, and stops what runs in it; the numbers go on (law 4).
create function clear_messages(owner uuid, conversation text) returns bigint
language plpgsql security definer set search_path from current as $$
declare
  deleted bigint;
  gone integer;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select c.last_seq - c.cleared_seq - c.deleted_count into deleted from conversations c
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null for no key update;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  update conversations c set
    cleared_seq = c.last_seq, head_seq = null, fork_count = 0, deleted_count = 0, elsewhere_count = 0, running_turn = null, preview = null, updated_at = clock_timestamp(),
    title = case when c.title_source = 'person' then c.title end,
    title_source = case when c.title_source = 'person' then c.title_source end
  where c.owner_id = owner and c.id = conversation;
  perform end_running_turn(owner, conversation);
  -- A short conversation goes at once; of a long one the janitor takes the rest in small pieces, so that
  -- nobody waits for a long transaction. Nothing reads it any more.
  delete from messages m where m.owner_id = owner and m.conversation_id = conversation and m.seq in (
    select k.seq from messages k where k.owner_id = owner and k.conversation_id = conversation
    order by k.seq limit 1000
  );
  get diagnostics gone = row_count;
  if gone < 1000 then
    update conversations c set purged_seq = c.cleared_seq where c.owner_id = owner and c.id = conversation;
  end if;
  delete from segments s where s.owner_id = owner and s.conversation_id = conversation;
  delete from deleted_messages d where d.owner_id = owner and d.conversation_id = conversation;
  delete from summaries s where s.owner_id = owner and s.conversation_id = conversation;
  delete from turns t where t.owner_id = owner and t.conversation_id = conversation;
  return deleted;
end
$$;
