-- The flush of one node: renews its lease, writes the events of all its turns in one insert, and tells
-- of its turns that are to stop ('stop') or that are its own no more ('gone'). Raises 'node_fenced' when
-- the node was taken for dead: then nothing of it is written, whatever it slept through. A turn that is
-- only asked after stands among the events once, with no number. Planned once: a plan for the lengths of the arrays
-- looks better to PostgreSQL, and making it takes longer than the flush of an event.
create function write_events(
  node bigint,
  lease interval,
  turn_ids uuid[],
  seqs integer[],
  chunks json[]
) returns table (state text, turn_id uuid)
language plpgsql security definer set search_path from current set plan_cache_mode = force_generic_plan
as $$
declare
  renew boolean;
  written bigint := 0;
begin
  select n.lease_until < clock_timestamp() + lease * 0.7 into renew from nodes n where n.id = node for key share;
  if not found then
    raise exception 'node_fenced' using errcode = 'CK001';
  end if;
  if renew then
    update nodes n set lease_until = clock_timestamp() + lease where n.id = node;
  end if;

  perform set_config('chatkeep.engine', 'on', true);
  if cardinality(array_remove(seqs, null)) > 0 then
    insert into turn_events (owner_id, turn_id, seq, slot, chunk)
    -- Its current owner: a claim may have moved it.
    select t.owner_id, t.id, e.seq, t.slot, e.chunk
    from unnest(turn_ids, seqs, chunks) as e (turn_id, seq, chunk)
    -- An index probe for each event, whatever the statistics say: a plan for few turns compares every event with each.
    cross join lateral (
      select o.owner_id, o.id, o.slot from turns o
      where o.node_id = node and o.id = e.turn_id and o.status = 'running'
      offset 0
    ) t
    where e.seq is not null
    -- A repeat of this flush after a lost connection.
    on conflict do nothing;
    get diagnostics written = row_count;
    -- For readers on other nodes. Without any, the commit avoids the lock of the notify queue.
    if exists (select from nodes n where n.id <> node) then
      perform pg_notify('chatkeep_events', node::text);
    end if;
  end if;

  return query
  select 'stop', t.id from turns t
  where t.node_id = node and t.status = 'running' and t.stop_requested_at is not null;
  if written < cardinality(turn_ids) then
    return query
    select 'gone', mine.id from (select distinct e.id from unnest(turn_ids) as e (id)) mine
    where (select true from turns t where t.node_id = node and t.id = mine.id and t.status = 'running') is null;
  end if;
  perform set_config('chatkeep.engine', 'off', true);
end
$$;
