-- Begins to store a file as an object. Returns the file if it is complete already; then there is no object. Else returns
-- how many bytes of `quota` are left. Several uploads of a file may run at once: the first that ends is kept.
create function begin_object(
  owner uuid,
  owner_kind text,
  file uuid,
  name text,
  media_type text,
  object uuid,
  quota bigint
) returns table (stored json, room bigint)
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  f files;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  insert into owners (id, kind) values (owner, owner_kind) on conflict do nothing;
  -- Before the file, as in claim_session, so that the two cannot deadlock.
  select quota - o.file_bytes into room from owners o where o.id = owner for no key update;
  -- One that is complete is not deleted before a message can refer to it.
  insert into files (owner_id, id, name, media_type, object) values (owner, file, name, media_type, object)
  on conflict on constraint files_pkey do update set unused_since = clock_timestamp()
  where files.sha256 is not null and files.unused_since is not null;
  select * into f from files k where k.owner_id = owner and k.id = file for update;
  if f.sha256 is not null then
    stored := file_json(owner, file);
    return next;
    return;
  end if;
  if f.unused_since = '-infinity' then
    -- The same bytes were deleted a moment ago.
    delete from file_chunks c where c.owner_id = owner and c.file_id = file;
    update files k set unused_since = clock_timestamp(), size = 0, object = begin_object.object
    where k.owner_id = owner and k.id = file returning * into f;
  end if;
  insert into objects (id, due_at)
  values (object, case when f.object is distinct from object then clock_timestamp() + interval '1 day' end);
  return next;
end
$$;
