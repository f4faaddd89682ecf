-- Settles the turn that runs in a conversation as stopped, without its answer: its node finds it
-- gone and can write nothing more. The conversation's row must be locked.
create function end_running_turn(owner uuid, conversation text) returns void
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
declare
  turn turns;
begin
  select * into turn from running_turns r where r.owner_id = owner and r.conversation_id = conversation;
  if found then
    turn := close_turn(turn, 'stopped', null, 0);
    delete from turn_events e where e.owner_id = owner and e.turn_id = turn.id and e.partition = turn.partition;
    perform pg_notify('chatkeep_events', turn.node_id::text);
  end if;
end
$$;
