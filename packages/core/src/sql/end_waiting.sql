-- Settles a conversation's waiting turn for good: it was answered, or nobody will. The caller has locked the
-- conversation, and takes the turn out of it. By its key: as a condition, the status would be looked up among all that
-- wait.
create function end_waiting(owner uuid, turn_id uuid) returns void
language sql security definer set search_path from current as $$
  update turns t set status = 'complete' where t.owner_id = owner and t.id = turn_id and t.status || '' = 'waiting'
$$;
