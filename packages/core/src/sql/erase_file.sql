-- Deletes at most `page_limit` chunks of a deleted file, and the file once it has none. True when it is gone.
create function erase_file(owner uuid, file uuid, page_limit integer) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  erased integer;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  perform delete_file(owner, file, false);
  delete from file_chunks c where c.owner_id = owner and c.file_id = file and c.no = any (array(
    select k.no from file_chunks k where k.owner_id = owner and k.file_id = file order by k.no limit page_limit
  ));
  get diagnostics erased = row_count;
  if erased = page_limit then
    return false;
  end if;
  delete from files f where f.owner_id = owner and f.id = file;
  return true;
end
$$;
