-- Fences the nodes whose lease has run out, but for those that write just now, and returns running turns whose node is
-- gone: for the caller to continue (`is_open`), or to settle as stopped (`is_stopped`) or interrupted. One that can be
-- continued is left to those who can for the time of `handover`. `node` is the caller. It fences nobody while its own lease has run out, nor for a
-- while after: when the database stood still all leases ran out, and living nodes need time to renew theirs.
create function fence_dead_nodes(node bigint, handover interval, page_limit integer) returns table (
  owner_id uuid,
  conversation_id text,
  turn_id uuid,
  is_open boolean,
  is_stopped boolean
)
language plpgsql security definer set search_path from current as $$
declare
  dead record;
  can_continue boolean := exists (select from nodes n where n.id = node and n.continues);
begin
  -- No lease ends later than after its duration, unless the clock was set back.
  update nodes n set
    lease_until = clock_timestamp() + n.duration, held_since = least(n.held_since, clock_timestamp())
  where n.lease_until > clock_timestamp() + n.duration;
  if exists (
    select from nodes n
    where n.id = node and n.lease_until > clock_timestamp() and n.held_since < clock_timestamp() - n.duration * 0.4
  ) then
    perform set_config('chatkeep.engine', 'on', true);
    for dead in
      delete from nodes n
      -- In this order: whoever tries the lock has it. And once it has, the lease may have been renewed.
      where n.lease_until < clock_timestamp() and n.id = any (array(
        select k.id from nodes k
        where case
          when k.lease_until < clock_timestamp()
          then pg_try_advisory_xact_lock('nodes'::regclass::oid::integer, k.id::integer)
        end
      ))
      returning n.id, n.lease_until
    loop
      update running_turns t set left_at = dead.lease_until where t.node_id = dead.id;
    end loop;
  end if;
  perform set_config('chatkeep.engine', 'on', true);
  return query
  select t.owner_id, t.conversation_id, t.id, o.is_open, t.stop_requested_at is not null
  from running_turns t
  cross join lateral (
    -- A release that knows of no continuation notes no time.
    select t.asker is not null and t.stop_requested_at is null
      and coalesce(t.left_at, t.created_at) > clock_timestamp() - handover as is_open
  ) o
  where not exists (select from nodes n where n.id = t.node_id) and (can_continue or not o.is_open)
  limit page_limit;
  perform set_config('chatkeep.engine', 'off', true);
end
$$;
