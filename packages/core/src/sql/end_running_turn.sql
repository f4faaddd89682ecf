-- Settles the turn that runs in a conversation as stopped, without its answer: its node finds it
-- gone and can write nothing more. The conversation's row must be locked.
create function end_running_turn(owner uuid, conversation text) returns void
language plpgsql security definer set search_path from current as $$
declare
  turn turns;
begin
  update turns t set status = 'stopped', settled_at = clock_timestamp(), last_event = 0
  where t.owner_id = owner and t.conversation_id = conversation and t.status = 'running'
  returning * into turn;
  if found then
    delete from turn_events e where e.owner_id = owner and e.turn_id = turn.id and e.slot = turn.slot;
    perform pg_notify('chatkeep_events', turn.node_id::text);
  end if;
end
$$;
