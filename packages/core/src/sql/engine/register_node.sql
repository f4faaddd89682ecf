-- Registers a process and returns its node id, the fencing number of its turns. `continues`: its responder can continue
-- an answer.
create function register_node(lease interval, continues boolean) returns bigint
language plpgsql security definer set search_path from current as $$
declare
  node bigint;
begin
  perform register_release();
  insert into nodes (duration, lease_until, continues)
  values (lease, clock_timestamp() + lease, register_node.continues) returning id into node;
  return node;
end
$$;
