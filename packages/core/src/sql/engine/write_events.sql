-- Flushes the events of a node's turns in one insert, renews the node's lease, and returns those of the turns for which
-- something changed: `is_gone` (it is not this node's any more), `is_stopped` (somebody asked to stop it), `is_steered` (somebody
-- sent a question that steers), `is_moved` (a claim gave it another owner than the given one). Raises 'node_fenced', and writes nothing, if the node was taken for
-- dead. A turn without events is given once, with a null `seq`. One plan for all calls: planning for the lengths of the
-- arrays takes longer than flushing an event.
create function write_events(
  node bigint,
  lease interval,
  turn_ids uuid[],
  owner_ids uuid[],
  seqs integer[],
  chunks json[]
) returns table (turn_id uuid, is_gone boolean, is_stopped boolean, is_steered boolean, is_moved boolean)
language plpgsql security definer set search_path from current set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  setting text;
begin
  perform hold_node(node, lease);
  setting := set_config('chatkeep.engine', 'on', true);
  return query
  with found as (
    select e.turn_id, e.owner_id as known_owner, e.seq, e.chunk, t.*
    from unnest(turn_ids, owner_ids, seqs, chunks) as e (turn_id, owner_id, seq, chunk)
    -- An index probe for each event, whatever the statistics say: a plan for few turns compares every event with each.
    left join lateral (
      select r.owner_id, r.partition, r.stop_requested_at, r.steered_at from running_turns r
      where r.node_id = node and r.id = e.turn_id
      offset 0
    ) t on true
  ), written as (
    insert into turn_events (owner_id, turn_id, seq, partition, chunk)
    select f.owner_id, f.turn_id, f.seq, f.partition, f.chunk from found f
    where f.seq is not null and f.owner_id is not null
    -- A repeat of this flush after a lost connection.
    on conflict do nothing
  )
  select f.turn_id, f.owner_id is null, f.stop_requested_at is not null, f.steered_at is not null,
    f.owner_id <> f.known_owner
  from found f
  where f.owner_id is distinct from f.known_owner or f.stop_requested_at is not null or f.steered_at is not null;
  -- For readers on other nodes. Without any, the commit avoids the lock of the notify queue.
  if cardinality(array_remove(seqs, null)) > 0 and exists (select from nodes n where n.id <> node) then
    perform pg_notify('chatkeep_events', node::text);
  end if;
  setting := set_config('chatkeep.engine', 'off', true);
end
$$;
