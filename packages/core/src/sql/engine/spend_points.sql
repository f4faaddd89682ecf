-- Spends points of a limit and tells how many are spent and for how many milliseconds they count. A new
-- window begins when the last one is over, or when `restart` says so.
create function spend_points(limit_key text, spent integer, window_ms bigint, restart boolean)
returns table (points integer, left_ms bigint)
language plpgsql security definer set search_path from current as $$
begin
  return query
  insert into rate_limits as r (key, points, expires_at)
  values (limit_key, spent, clock_timestamp() + make_interval(secs => window_ms / 1000.0))
  on conflict (key) do update set
    points = case when restart or r.expires_at <= clock_timestamp() then excluded.points else r.points + spent end,
    expires_at = case when restart or r.expires_at <= clock_timestamp() then excluded.expires_at else r.expires_at end
  returning r.points, (extract(epoch from r.expires_at - clock_timestamp()) * 1000)::bigint;
end
$$;
