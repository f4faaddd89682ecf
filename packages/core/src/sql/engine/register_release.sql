-- Records that the functions of this release are in use. Writes at most once an hour.
create function register_release() returns void
language plpgsql security definer set search_path from current as $$
begin
  insert into releases as r (functions) values (current_schema())
  on conflict (functions) do update set used_at = clock_timestamp()
    where r.used_at < clock_timestamp() - interval '1 hour';
end
$$;
