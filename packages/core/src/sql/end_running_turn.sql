-- Settles the turn that runs in a conversation as stopped, without its answer: its node finds it
-- gone and can write nothing more. The conversation's row must be locked.
create function end_running_turn(owner uuid, conversation text) returns void
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
declare
  turn turns;
begin
  turn := close_turn(owner, conversation, (
    select r.id from running_turns r where r.owner_id = owner and r.conversation_id = conversation
  ), 'stopped', null, 0);
  if turn.id is not null then
    delete from turn_events e where e.owner_id = owner and e.turn_id = turn.id and e.partition = turn.partition;
    perform pg_notify('chatkeep_events', turn.node_id::text);
  end if;
end
$$;
