-- Forgets what was spent of limits whose window is over.
create function forget_points() returns bigint
language plpgsql security definer set search_path from current as $$
declare
  -- A variable bounds the index, clock_timestamp() does not.
  over timestamptz := clock_timestamp();
  forgotten bigint;
begin
  delete from rate_limits r where r.expires_at <= over;
  get diagnostics forgotten = row_count;
  return forgotten;
end
$$;
