-- Keeps a node from being taken for dead until the transaction ends, and renews its lease when a third of it is over;
-- raises 'node_fenced' if the node was taken for dead before. An advisory lock, since all statements of a node hold it
-- at once: as locks on its row they made a multixact for each turn.
create function hold_node(node bigint, lease interval) returns void
language plpgsql security definer set search_path from current as $$
declare
  lease_until timestamptz;
begin
  perform pg_advisory_xact_lock_shared('nodes'::regclass::oid::integer, node::integer);
  select n.lease_until into lease_until from nodes n where n.id = node;
  if not found then
    raise exception 'node_fenced' using errcode = 'CK001';
  elsif lease_until < clock_timestamp() + lease * 0.7 then
    update nodes n set
      lease_until = clock_timestamp() + lease,
      held_since = case when n.lease_until < clock_timestamp() then clock_timestamp() else n.held_since end
    where n.id = node;
  end if;
end
$$;
