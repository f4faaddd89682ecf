-- Fences the nodes whose lease has run out and returns running turns whose node is gone, for the caller
-- to settle as interrupted. Deleting the node's row waits for its writes under way, and ends its writes to come.
create function fence_dead_nodes(page_limit integer) returns table (
  owner_id uuid,
  conversation_id text,
  turn_id uuid
)
language plpgsql security definer set search_path from current as $$
begin
  delete from nodes n where n.id in (
    select k.id from nodes k where k.lease_until < clock_timestamp() order by k.id for update skip locked
  );
  perform set_config('chatkeep.engine', 'on', true);
  return query
  select t.owner_id, t.conversation_id, t.id from turns t
  where t.status = 'running' and not exists (select from nodes n where n.id = t.node_id)
  limit page_limit;
  perform set_config('chatkeep.engine', 'off', true);
end
$$;
