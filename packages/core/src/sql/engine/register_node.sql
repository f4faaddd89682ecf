-- Gives a process its node id: the fencing number of the turns it will run.
create function register_node(lease interval) returns bigint
language plpgsql security definer set search_path from current as $$
declare
  node bigint;
begin
  perform register_release();
  insert into nodes (lease_until) values (clock_timestamp() + lease) returning id into node;
  return node;
end
$$;
