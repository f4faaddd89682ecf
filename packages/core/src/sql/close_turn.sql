-- Moves a turn from those that run to those that are settled; of one that is settled already, how it was settled. The
-- conversation's row must be locked, and the caller has set the owner.
create function close_turn(turn turns, new_status text, new_error json, new_last_event integer) returns turns
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
begin
  delete from running_turns r
  where r.owner_id = turn.owner_id and r.conversation_id = turn.conversation_id and r.id = turn.id;
  turn.status := new_status;
  turn.error := new_error;
  turn.last_event := new_last_event;
  turn.settled_at := clock_timestamp();
  insert into turns as t select turn.*
  on conflict (owner_id, id) do update set
    status = turn.status, error = turn.error, last_event = turn.last_event, settled_at = turn.settled_at;
  return turn;
end
$$;
