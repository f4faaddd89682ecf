-- Consumes points of several quotas at once, each named once. Returns, for each, the points consumed in the current
-- window and the milliseconds until it ends. An ended window is replaced by a new one.
create function consume_quota(limit_keys text[], spent integer[], windows_ms integer[])
returns table (limit_key text, points integer, left_ms bigint)
language plpgsql security definer set search_path from current as $$
begin
  return query
  insert into rate_limits as r (key, points, expires_at)
  select given.key, given.points, clock_timestamp() + make_interval(secs => given.window_ms / 1000.0)
  from unnest(limit_keys, spent, windows_ms) as given (key, points, window_ms)
  -- In one order, so that two nodes cannot deadlock.
  order by given.key collate "C"
  on conflict (key) do update set
    points = case when r.expires_at <= clock_timestamp() then excluded.points else r.points + excluded.points end,
    expires_at = case when r.expires_at <= clock_timestamp() then excluded.expires_at else r.expires_at end
  returning r.key, r.points, (extract(epoch from r.expires_at - clock_timestamp()) * 1000)::bigint;
end
$$;
