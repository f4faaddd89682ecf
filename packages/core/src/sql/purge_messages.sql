-- Deletes cleared messages, which no reader sees, with their turns from the disk: the next `page_limit` numbers, up
-- to 32 MiB plus one message. A call costs the same at any length and needs no statistics. `done` when none is left.
create function purge_messages(owner uuid, conversation text, page_limit integer)
returns table (done boolean, messages_purged integer, turns_purged integer)
language plpgsql security definer set search_path from current as $$
declare
  c conversations;
  up_to bigint;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select * into c from conversations k where k.owner_id = owner and k.id = conversation for no key update;
  up_to := least(c.cleared_seq, c.purged_seq + page_limit);
  -- The stored size, so that measuring decompresses nothing.
  select coalesce(min(sized.seq), up_to) into up_to from (
    select m.seq, sum(pg_column_size(m.parts)) over (order by m.seq) as bytes from messages m
    where m.owner_id = owner and m.conversation_id = conversation and m.seq > c.purged_seq and m.seq <= up_to
  ) sized
  where sized.bytes >= 33554432;
  if c.running_turn is not null and c.cleared_seq = c.last_seq then
    -- Its time in the trash was over before its node settled it.
    perform end_running_turn(owner, conversation);
  end if;
  turns_purged := delete_turns(owner, conversation, c.purged_seq + 1, up_to);
  delete from deleted_messages d
  where d.owner_id = owner and d.conversation_id = conversation and d.seq > c.purged_seq and d.seq <= up_to;
  delete from messages m
  where m.owner_id = owner and m.conversation_id = conversation and m.seq > c.purged_seq and m.seq <= up_to;
  get diagnostics messages_purged = row_count;
  update conversations k set purged_seq = up_to where k.owner_id = owner and k.id = conversation;
  done := up_to = c.cleared_seq;
  if done then
    perform release_files(owner, conversation, c.deleted_at is not distinct from 'epoch');
  end if;
  return next;
end
$$;
