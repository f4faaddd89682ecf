-- Returns a file. Another owner's file is refused like one that does not exist, by the same statement.
create function get_file(owner uuid, file uuid) returns json
language plpgsql security definer set search_path from current as $$
declare
  found_one json := file_json(owner, file);
begin
  if found_one is null then
    raise exception 'file_not_found' using errcode = 'CK000';
  end if;
  return found_one;
end
$$;
