-- First step of an erasure: hides all conversations and files of the owner from every reader and from restore, and
-- stops their running turns.
create function begin_erasure(owner uuid) returns void
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
declare
  running text;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  update conversations c set deleted_at = 'epoch', running_turn = null, cleared_seq = c.last_seq, head_seq = null, fork_count = 0,
    deleted_count = 0, elsewhere_count = 0
  where c.owner_id = owner and c.deleted_at is distinct from 'epoch';
  for running in select t.conversation_id from running_turns t where t.owner_id = owner loop
    perform end_running_turn(owner, running);
  end loop;
  -- Before the files, as in claim_session, so that the two cannot deadlock.
  perform 1 from owners o where o.id = owner for no key update;
  update files f set unused_since = '-infinity', sha256 = null, size = 0
  where f.owner_id = owner and f.unused_since is distinct from '-infinity';
  update owners o set conversation_count = 0, archived_count = 0, file_bytes = 0 where o.id = owner;
end
$$;
