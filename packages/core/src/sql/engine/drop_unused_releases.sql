-- Drops the functions of other releases that no node has registered within `grace`. Returns the number of dropped
-- schemas; 0 while a migration runs, which may be about to use one.
create function drop_unused_releases(grace interval) returns integer
language plpgsql security definer set search_path from current as $$
declare
  unused text;
  dropped integer := 0;
begin
  -- The lock of `migrate`.
  if not pg_try_advisory_xact_lock(1667785076) then
    return 0;
  end if;
  perform register_release();
  for unused in
    delete from releases r
    where r.functions <> current_schema() and r.used_at < clock_timestamp() - grace
    returning r.functions
  loop
    execute format('drop schema if exists %I cascade', unused);
    dropped := dropped + 1;
  end loop;
  return dropped;
end
$$;
