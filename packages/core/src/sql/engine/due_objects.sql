-- Returns at most `page_limit` objects that are to be deleted from the store; after that, `forget_objects` is called.
create function due_objects(page_limit integer) returns table (object uuid)
language plpgsql security definer set search_path from current as $$
declare
  -- A variable, because the volatile clock_timestamp() does not bound an index scan.
  before timestamptz := clock_timestamp();
  due uuid[] := array(select o.id from objects o where o.due_at < before order by o.due_at limit page_limit);
begin
  -- From here on no upload completes a file with them.
  update objects o set due_at = '-infinity' where o.id = any (due);
  return query select unnest(due);
end
$$;
