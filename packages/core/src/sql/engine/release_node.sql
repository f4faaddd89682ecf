-- Ends a node that has settled all its turns.
create function release_node(node bigint) returns void
language plpgsql security definer set search_path from current as $$
begin
  delete from nodes n where n.id = node;
end
$$;
