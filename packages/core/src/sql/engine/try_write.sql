-- Writes and commits a row, and writes 280 kB to a file that is gone at the end: a full disk may still have
-- room in the pages that a row needs.
create function try_write() returns void
language plpgsql security definer set search_path from current set work_mem = '64kB' as $$
begin
  insert into releases as r (functions) values (current_schema())
  on conflict (functions) do update set used_at = clock_timestamp();
  perform count(*) from generate_series(1, 20000);
end
$$;
