-- Writes a piece of a file at `start`, a multiple of 8,096; every piece but the last has a multiple of 8,096 bytes.
-- The piece at 0 creates the file, and the one with its `digest` completes it. Repeating a piece changes nothing. Returns the
-- file once it is complete; its purpose may come with the last piece. Refuses a piece with which the owner's files would exceed `quota` bytes.
create function write_file(
  owner uuid,
  owner_kind text,
  file uuid,
  name text,
  media_type text,
  purpose text,
  start bigint,
  bytes bytea,
  digest text,
  quota bigint
) returns json
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  f files;
  added bigint;
  total bigint;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  if start = 0 then
    insert into owners (id, kind) values (owner, owner_kind) on conflict do nothing;
  end if;
  -- Before the file, as in claim_session, so that the two cannot deadlock.
  perform 1 from owners o where o.id = owner for no key update;
  if start = 0 then
    -- One that is complete is not deleted before a message can refer to it.
    insert into files (owner_id, id, name, media_type) values (owner, file, name, media_type)
    on conflict on constraint files_pkey do update set unused_since = clock_timestamp()
    where files.sha256 is not null and files.unused_since is not null;
  end if;
  select * into f from files k where k.owner_id = owner and k.id = file for update;
  if f.sha256 is null and f.unused_since = '-infinity' and start = 0 then
    -- The same bytes were deleted a moment ago.
    delete from file_chunks c where c.owner_id = owner and c.file_id = file;
    update files k set unused_since = clock_timestamp(), size = 0, object = null
    where k.owner_id = owner and k.id = file returning * into f;
  end if;
  if f.id is null or f.unused_since = '-infinity' then
    raise exception 'file_not_found' using errcode = 'CK000';
  elsif f.sha256 is null then
    with written as (
      insert into file_chunks (owner_id, file_id, no, bytes)
      select owner, file, start / 8096 + n, substring(bytes from n * 8096 + 1 for 8096)
      from generate_series(0, (octet_length(bytes) - 1) / 8096) n
      where octet_length(bytes) > 0
      on conflict do nothing
      returning octet_length(file_chunks.bytes) as length
    )
    select coalesce(sum(w.length), 0) into added from written w;
    update files k set
      size = k.size + added, sha256 = decode(digest, 'hex'), purpose = coalesce(purpose, k.purpose), object = null
    where k.owner_id = owner and k.id = file
    returning * into f;
    update owners o set file_bytes = o.file_bytes + added where o.id = owner returning o.file_bytes into total;
    if total > quota then
      raise exception 'quota_exceeded' using errcode = 'CK000', detail = format(
        'The files of one person must have at most %s bytes. Delete some first.', quota
      );
    end if;
  end if;
  if f.sha256 is null then
    return null;
  end if;
  return file_json(f.owner_id, f.id);
end
$$;
