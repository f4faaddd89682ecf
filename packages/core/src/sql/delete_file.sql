-- Deletes a file: nobody can read it from now on, and the janitor deletes its bytes. Also for an upload that broke off.
-- False when there is no such file, or it is complete and only an unfinished one is to be deleted.
create function delete_file(owner uuid, file uuid, if_unfinished boolean) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  bytes bigint;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  -- Before the file, as in claim_session, so that the two cannot deadlock.
  perform 1 from owners o where o.id = owner for no key update;
  select f.size into bytes from files f
  where f.owner_id = owner and f.id = file and f.unused_since is distinct from '-infinity'
    and (f.sha256 is null or not if_unfinished)
  for update;
  if not found then
    return false;
  end if;
  update files f set unused_since = '-infinity', sha256 = null, size = 0 where f.owner_id = owner and f.id = file;
  update owners o set file_bytes = o.file_bytes - bytes where o.id = owner;
  return true;
end
$$;
