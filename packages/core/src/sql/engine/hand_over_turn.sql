-- Leaves a node's running turn to whoever continues it, once what the node still writes is over.
create function hand_over_turn(node bigint, turn_id uuid) returns void
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
begin
  perform pg_advisory_xact_lock('nodes'::regclass::oid::integer, node::integer);
  perform set_config('chatkeep.engine', 'on', true);
  update running_turns r set node_id = 0, left_at = clock_timestamp()
  where r.node_id = node and r.id = hand_over_turn.turn_id;
  perform set_config('chatkeep.engine', 'off', true);
  perform pg_notify('chatkeep_events', node::text);
end
$$;
