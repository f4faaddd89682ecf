-- Deletes quotas whose window has ended.
create function expire_quotas() returns bigint
language plpgsql security definer set search_path from current as $$
declare
  -- A variable bounds the index scan; clock_timestamp(), being volatile, does not.
  over timestamptz := clock_timestamp();
  forgotten bigint;
begin
  delete from rate_limits r where r.expires_at <= over;
  get diagnostics forgotten = row_count;
  return forgotten;
end
$$;
