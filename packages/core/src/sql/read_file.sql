-- Returns `length` bytes of a file from `start`, or fewer at its end; or the object that has the bytes, and the file's size.
create function read_file(owner uuid, file uuid, start bigint, length integer)
returns table (bytes bytea, object uuid, size bigint)
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_variable
declare
  -- Variables, because row-level security keeps expressions with function calls out of index conditions.
  first_no bigint := start / 8096;
  last_no bigint := (start + length - 1) / 8096;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select f.object, f.size into object, size from files f
  where f.owner_id = owner and f.id = file and f.sha256 is not null;
  if not found then
    raise exception 'file_not_found' using errcode = 'CK000';
  end if;
  if object is null then
    select substring(string_agg(c.bytes, '' order by c.no) from (start % 8096)::integer + 1 for length) into bytes
    from file_chunks c
    where c.owner_id = owner and c.file_id = file and c.no >= first_no and c.no <= last_no;
  end if;
  return next;
end
$$;
