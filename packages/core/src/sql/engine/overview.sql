-- Returns the operator's numbers: nodes, turns and sizes. It names no owner and quotes no message. Row counts are
-- PostgreSQL's estimates; running turns, and turns settled within the given time, are counted by index. The cost does
-- not grow with the data.
create function overview(settled_within interval) returns json
language plpgsql security definer set search_path from current as $$
declare
  since timestamptz := clock_timestamp() - settled_within;
  found json;
begin
  perform set_config('chatkeep.engine', 'on', true);
  found := json_build_object(
    'nodes', (
      select coalesce(json_agg(n order by n.id), '[]') from (
        select k.id, k.started_at, k.lease_until, k.lease_until > clock_timestamp() as alive, (
          select count(*) from running_turns t where t.node_id = k.id
        ) as running
        from nodes k
      ) n
    ),
    'running', (select count(*) from running_turns),
    'settled', (
      select coalesce(json_object_agg(s.status, s.turns), '{}') from (
        select t.status, count(*) as turns from turns t
        where t.partition = any ('{0,1,2}'::smallint[]) and t.settled_at > since
        group by t.status
      ) s
    ),
    'tables', (
      select json_agg(s order by s.bytes desc, s.name) from (
        select c.relname as name,
          sum(greatest(l.reltuples, pg_stat_get_live_tuples(l.oid), 0))::bigint as rows,
          sum(pg_total_relation_size(l.oid))::bigint as bytes
        from pg_class c
        left join pg_inherits p on p.inhparent = c.oid
        join pg_class l on l.oid = coalesce(p.inhrelid, c.oid)
        where c.relnamespace = (select k.relnamespace from pg_class k where k.oid = 'messages'::regclass)
          and c.relkind in ('r', 'p') and not c.relispartition
        group by c.relname
      ) s
    )
  );
  perform set_config('chatkeep.engine', 'off', true);
  return found;
end
$$;
