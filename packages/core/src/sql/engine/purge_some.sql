-- One small step of the janitor; true while there is more to do. In turn: messages with their turns of a
-- conversation whose time in the trash is over, and it itself once it is empty; cleared messages that are
-- still on the disk; a session that was idle for too long, which goes as a whole, and then itself.
create function purge_some(undo interval, session_idle interval, page_limit integer) returns boolean
language plpgsql security definer set search_path from current as $$
declare
  -- Variables: what changes from row to row, as clock_timestamp() may, bounds no index.
  trashed_before timestamptz := clock_timestamp() - undo;
  idle_before timestamptz := clock_timestamp() - session_idle;
  sent_before timestamptz := clock_timestamp() - interval '10 minutes';
  c conversations;
  is_over boolean;
  idle uuid;
  up_to bigint;
  deleted integer;
begin
  perform set_config('chatkeep.engine', 'on', true);
  -- No client retries after this long.
  delete from idempotency_keys k where k.ctid = any (array(
    select old.ctid from idempotency_keys old
    where old.sent_at < sent_before order by old.sent_at limit page_limit
  ));
  -- Their numbers stay: no other message gets them.
  with due as (
    select d.owner_id, d.conversation_id, d.seq from deleted_messages d
    where d.deleted_at < trashed_before order by d.deleted_at limit page_limit for update skip locked
  ), forgotten as (
    update deleted_messages d set
      deleted_at = null, id = null, message = null, size = null, words = null, message_no = null, moved_to = null
    from due where d.owner_id = due.owner_id and d.conversation_id = due.conversation_id and d.seq = due.seq
  )
  delete from turns t using due
  where t.owner_id = due.owner_id and t.conversation_id = due.conversation_id and t.question_seq = due.seq;
  select * into c from conversations k
  where k.deleted_at < trashed_before order by k.deleted_at limit 1 for update skip locked;
  if not found then
    -- In the order of its index, or the planner, who thinks that every third one is, reads all that are not.
    select * into c from conversations k
    where k.purged_seq < k.cleared_seq order by k.owner_id, k.id limit 1 for update skip locked;
  end if;
  if found then
    -- What can still be restored keeps all that was not cleared.
    is_over := coalesce(c.deleted_at < trashed_before, false);
    select max(first.seq) into up_to from (
      select k.seq from messages k
      where k.owner_id = c.owner_id and k.conversation_id = c.id
        and (is_over or k.seq <= c.cleared_seq)
      order by k.seq limit page_limit
    ) first;
    delete from turn_events e using turns t
    where t.owner_id = c.owner_id and t.conversation_id = c.id and t.question_seq <= up_to
      and e.owner_id = c.owner_id and e.turn_id = t.id and e.slot = t.slot;
    delete from turns t where t.owner_id = c.owner_id and t.conversation_id = c.id and t.question_seq <= up_to;
    delete from deleted_messages d where d.owner_id = c.owner_id and d.conversation_id = c.id and d.seq <= up_to;
    delete from messages m where m.owner_id = c.owner_id and m.conversation_id = c.id and m.seq <= up_to;
    get diagnostics deleted = row_count;
    if deleted < page_limit and is_over then
      delete from conversations k where k.owner_id = c.owner_id and k.id = c.id;
    elsif deleted < page_limit then
      update conversations k set purged_seq = c.cleared_seq where k.owner_id = c.owner_id and k.id = c.id;
    end if;
    perform set_config('chatkeep.engine', 'off', true);
    return true;
  end if;

  select o.id into idle from owners o
  where o.kind = 'session' and o.active_at < idle_before
  order by o.active_at limit 1 for update skip locked;
  if found then
    update conversations k set deleted_at = 'epoch', running_turn = null where k.owner_id = idle;
    if found then
      update owners o set conversation_count = 0, archived_count = 0 where o.id = idle;
    else
      delete from owners o where o.id = idle;
    end if;
  end if;
  perform set_config('chatkeep.engine', 'off', true);
  return idle is not null;
end
$$;
