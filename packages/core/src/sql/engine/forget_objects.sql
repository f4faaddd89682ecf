-- Forgets objects that were deleted from the store. Those whose upload may still run are deleted again a day later.
create function forget_objects(ids uuid[]) returns void
language plpgsql security definer set search_path from current as $$
begin
  delete from objects o where o.id = any (ids) and o.is_written;
  update objects o set is_written = true, due_at = clock_timestamp() + interval '1 day'
  where o.id = any (ids);
end
$$;
