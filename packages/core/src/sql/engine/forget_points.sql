-- Forgets what is spent of one limit, or, without a key, of all whose window is over.
create function forget_points(limit_key text) returns bigint
language plpgsql security definer set search_path from current as $$
declare
  forgotten bigint;
begin
  delete from rate_limits r
  where case when limit_key is null then r.expires_at <= clock_timestamp() else r.key = limit_key end;
  get diagnostics forgotten = row_count;
  return forgotten;
end
$$;
