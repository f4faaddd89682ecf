-- Fences the nodes whose lease has run out, but for those that write just now, and returns running turns whose node is
-- gone, for the caller to settle as interrupted. `node` is the caller. It fences nobody while its own lease has run out,
-- nor for a while after: when the database stood still all leases ran out, and living nodes need time to renew theirs.
create function fence_dead_nodes(node bigint, page_limit integer) returns table (
  owner_id uuid,
  conversation_id text,
  turn_id uuid
)
language plpgsql security definer set search_path from current as $$
begin
  -- No lease ends later than after its duration, unless the clock was set back.
  update nodes n set
    lease_until = clock_timestamp() + n.duration, held_since = least(n.held_since, clock_timestamp())
  where n.lease_until > clock_timestamp() + n.duration;
  if exists (
    select from nodes n
    where n.id = node and n.lease_until > clock_timestamp() and n.held_since < clock_timestamp() - n.duration * 0.4
  ) then
    delete from nodes n
    -- In this order: whoever tries the lock has it. And once it has, the lease may have been renewed.
    where n.lease_until < clock_timestamp() and n.id = any (array(
      select k.id from nodes k
      where case
        when k.lease_until < clock_timestamp()
        then pg_try_advisory_xact_lock('nodes'::regclass::oid::integer, k.id::integer)
      end
    ));
  end if;
  perform set_config('chatkeep.engine', 'on', true);
  return query
  select t.owner_id, t.conversation_id, t.id from running_turns t
  where not exists (select from nodes n where n.id = t.node_id)
  limit page_limit;
  perform set_config('chatkeep.engine', 'off', true);
end
$$;
