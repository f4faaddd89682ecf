-- One small step of the janitor: deletes bytes of a deleted file, or of one that no message has referred to for a day.
-- True while more is left.
create function purge_files(page_limit integer) returns boolean
language plpgsql security definer set search_path from current as $$
declare
  -- A variable, because the volatile clock_timestamp() does not bound an index scan.
  unused_before timestamptz := clock_timestamp() - interval '1 day';
  f files;
begin
  perform set_config('chatkeep.engine', 'on', true);
  select * into f from files k
  where k.unused_since < unused_before order by k.unused_since limit 1 for update skip locked;
  perform set_config('chatkeep.engine', 'off', true);
  if f.id is null then
    return false;
  end if;
  perform erase_file(f.owner_id, f.id, page_limit);
  return true;
end
$$;
