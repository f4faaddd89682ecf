-- Deletes cleared messages from the disk, with their turns: the next `page_limit` numbers, and no more than make
-- 32 MiB and one message. So a call costs the same however long the conversation is, and needs no statistics. Nothing that reads sees them any more. `done` when none is
-- left.
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
  -- As stored, so nothing is decompressed to be measured.
  select coalesce(min(sized.seq), up_to) into up_to from (
    select m.seq, sum(pg_column_size(m.parts)) over (order by m.seq) as bytes from messages m
    where m.owner_id = owner and m.conversation_id = conversation and m.seq > c.purged_seq and m.seq <= up_to
  ) sized
  where sized.bytes >= 33554432;
  turns_purged := delete_turns(owner, conversation, c.purged_seq + 1, up_to);
  delete from deleted_messages d
  where d.owner_id = owner and d.conversation_id = conversation and d.seq > c.purged_seq and d.seq <= up_to;
  delete from messages m
  where m.owner_id = owner and m.conversation_id = conversation and m.seq > c.purged_seq and m.seq <= up_to;
  get diagnostics messages_purged = row_count;
  update conversations k set purged_seq = up_to where k.owner_id = owner and k.id = conversation;
  done := up_to = c.cleared_seq;
  return next;
end
$$;
