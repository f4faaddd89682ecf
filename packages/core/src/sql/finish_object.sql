-- Completes a file whose bytes are an object, and returns it. If another upload of the file was faster, this object is
-- deleted. Refuses a file that was deleted meanwhile, and one with which the owner's files would exceed `quota` bytes.
create function finish_object(
  owner uuid,
  file uuid,
  purpose text,
  object uuid,
  size bigint,
  digest text,
  quota bigint
) returns json
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  f files;
  total bigint;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  -- Before the file, as in claim_session, so that the two cannot deadlock.
  perform 1 from owners o where o.id = owner for no key update;
  select * into f from files k where k.owner_id = owner and k.id = file for update;
  if f.sha256 is not null then
    update objects o set is_written = true, due_at = case when f.object is distinct from object then '-infinity'::timestamptz end
    where o.id = object;
    return file_json(owner, file);
  end if;
  update objects o set is_written = true, due_at = null where o.id = object and o.due_at is distinct from '-infinity';
  if not found or f.id is null or f.unused_since = '-infinity' then
    raise exception 'file_not_found' using errcode = 'CK000';
  end if;
  -- Pieces that an upload to PostgreSQL left.
  delete from file_chunks c where c.owner_id = owner and c.file_id = file;
  update files k set
    object = finish_object.object, size = finish_object.size, sha256 = decode(digest, 'hex'), purpose = finish_object.purpose
  where k.owner_id = owner and k.id = file;
  update owners o set file_bytes = o.file_bytes + size - f.size where o.id = owner returning o.file_bytes into total;
  if total > quota then
    raise exception 'quota_exceeded' using errcode = 'CK000', detail = format(
      'The files of one person must have at most %s bytes. Delete some first.', quota
    );
  end if;
  return file_json(owner, file);
end
$$;
