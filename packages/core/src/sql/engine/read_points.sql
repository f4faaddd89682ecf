-- What is spent of a limit; no row when nothing is.
create function read_points(limit_key text) returns table (points integer, left_ms bigint)
language plpgsql security definer set search_path from current as $$
begin
  return query
  select r.points, (extract(epoch from r.expires_at - clock_timestamp()) * 1000)::bigint
  from rate_limits r where r.key = limit_key and r.expires_at > clock_timestamp();
end
$$;
