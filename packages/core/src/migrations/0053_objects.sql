-- Objects in a store of objects, such as S3: the bytes of files that are not in file_chunks. An object is listed here before its
-- upload begins and until it is deleted from the store, so that none is forgotten, whoever dies when.
create table objects (
  -- The object's key in the store. Random: it names no owner.
  id uuid primary key,
  -- False until its upload is known to be over: it may still come to be after it was deleted, and is deleted again a day later.
  is_written boolean not null default false,
  -- When it is to be deleted from the store; null while a file refers to it.
  due_at timestamptz
);
create index objects_due on objects (due_at) where due_at is not null;

alter table files add column object uuid;

-- However a file goes, by whichever release: its object goes too.
create function release_object() returns trigger language plpgsql security definer set search_path from current as $$
begin
  update objects o set due_at = '-infinity' where o.id = old.object;
  return null;
end
$$;
revoke all on function release_object() from public;
create trigger files_object_deleted after delete on files
  for each row when (old.object is not null) execute function release_object();
create trigger files_object_replaced after update of object on files
  for each row when (old.object is not null and old.object is distinct from new.object) execute function release_object();

do $$
begin
  if schema_security() = 'roles' then
    grant select, insert, update, delete on objects to chatkeep_store;
  end if;
end
$$;
