-- One small step of the janitor; true while more is left. In turn: messages and turns of a conversation whose undo
-- time has ended, or which was temporary, then the conversation; cleared messages; a session that was idle for too long, with all its data.
create function purge_batch(undo interval, session_idle interval, page_limit integer) returns boolean
language plpgsql security definer set search_path from current as $$
declare
  -- Variables, because the volatile clock_timestamp() does not bound an index scan.
  moment timestamptz := clock_timestamp();
  trashed_before timestamptz := clock_timestamp() - undo;
  idle_before timestamptz := clock_timestamp() - session_idle;
  sent_before timestamptz := clock_timestamp() - interval '10 minutes';
  c conversations;
  is_over boolean;
  is_done boolean;
  idle uuid;
  released record;
begin
  if purge_files(page_limit) then
    return true;
  end if;
  perform set_config('chatkeep.engine', 'on', true);
  -- No client retries after this time.
  delete from idempotency_keys k where k.ctid = any (array(
    select old.ctid from idempotency_keys old
    where old.sent_at < sent_before order by old.sent_at limit page_limit
  ));
  -- A temporary conversation has no undo.
  update conversations k set deleted_at = 'epoch', running_turn = null
  where k.ctid = any (array(
    select t.ctid from conversations t
    where t.expires_at < moment and t.deleted_at is distinct from 'epoch'
    order by t.expires_at limit page_limit for update skip locked
  ));
  -- Numbers are never reused.
  for released in
    with due as (
      select d.owner_id, d.conversation_id, d.seq from deleted_messages d
      where d.deleted_at < trashed_before order by d.deleted_at limit page_limit for update skip locked
    ), forgotten as (
      update deleted_messages d set
        deleted_at = null, id = null, message = null, size = null, words = null, message_no = null, moved_to = null
      from due where d.owner_id = due.owner_id and d.conversation_id = due.conversation_id and d.seq = due.seq
    ), answered as (
      delete from turns t using due
      where t.owner_id = due.owner_id and t.conversation_id = due.conversation_id and t.question_seq = due.seq
    )
    select distinct d.owner_id, d.conversation_id from due d
  loop
    perform release_files(released.owner_id, released.conversation_id, false);
  end loop;
  -- The expression of the index.
  select * into c from conversations k
  where (case when k.purged_seq < k.cleared_seq then '-infinity' else k.deleted_at end) < trashed_before
    and (k.purged_seq < k.cleared_seq or k.deleted_at is not null)
  order by (case when k.purged_seq < k.cleared_seq then '-infinity' else k.deleted_at end)
  limit 1 for update skip locked;
  if found then
    is_over := coalesce(c.deleted_at < trashed_before, false);
    if is_over and c.cleared_seq < c.last_seq then
      update conversations k set
        -- From here on it cannot be restored.
        deleted_at = 'epoch', cleared_seq = c.last_seq, head_seq = null, fork_count = 0, deleted_count = 0, elsewhere_count = 0
      where k.owner_id = c.owner_id and k.id = c.id;
    end if;
    perform set_config('chatkeep.engine', 'off', true);
    is_done := (select p.done from purge_messages(c.owner_id, c.id, page_limit) p);
    if is_over and is_done then
      perform release_files(c.owner_id, c.id, true);
      perform set_config('chatkeep.engine', 'on', true);
      delete from conversations k where k.owner_id = c.owner_id and k.id = c.id;
      perform set_config('chatkeep.engine', 'off', true);
    end if;
    return true;
  end if;

  select o.id into idle from owners o
  where o.kind = 'session' and o.active_at < idle_before
  order by o.active_at limit 1 for update skip locked;
  if found then
    -- Skips rows that another step has locked: waiting for each other would deadlock.
    update conversations k set deleted_at = 'epoch', running_turn = null
    where k.owner_id = idle and k.id in (select i.id from conversations i where i.owner_id = idle for update skip locked);
    if not found and not exists (select from conversations k where k.owner_id = idle) then
      -- Their bytes are gone in small steps before the owner is.
      update files f set unused_since = '-infinity', sha256 = null, size = 0 where f.owner_id = idle;
      delete from owners o where o.id = idle and not exists (select from files f where f.owner_id = idle);
    else
      update owners o set conversation_count = 0, archived_count = 0 where o.id = idle;
    end if;
  end if;
  perform set_config('chatkeep.engine', 'off', true);
  return idle is not null;
end
$$;
