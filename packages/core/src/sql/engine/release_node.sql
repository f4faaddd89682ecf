-- Ends a node that has settled all its turns, once what it still writes is over.
create function release_node(node bigint) returns void
language plpgsql security definer set search_path from current as $$
begin
  perform pg_advisory_xact_lock('nodes'::regclass::oid::integer, node::integer);
  delete from nodes n where n.id = node;
end
$$;
