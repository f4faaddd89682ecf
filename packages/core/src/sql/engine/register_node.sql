-- Registers a process and returns its node id, the fencing number of its turns.
create function register_node(lease interval) returns bigint
language plpgsql security definer set search_path from current as $$
declare
  node bigint;
begin
  perform register_release();
  insert into nodes (duration, lease_until) values (lease, clock_timestamp() + lease) returning id into node;
  return node;
end
$$;
