-- Ends a node, once what it still writes is over. A turn that it could neither settle nor hand over is handed over.
create function release_node(node bigint) returns void
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
begin
  perform pg_advisory_xact_lock('nodes'::regclass::oid::integer, node::integer);
  delete from nodes n where n.id = node;
  perform set_config('chatkeep.engine', 'on', true);
  update running_turns r set node_id = 0, left_at = clock_timestamp() where r.node_id = node;
  perform set_config('chatkeep.engine', 'off', true);
end
$$;
