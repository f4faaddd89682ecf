-- Returns a page of the owner's files after one of them (the nil UUID: from the start), the newest first or `ascending`. There is no sort step, so the
-- planner must use files_created.
create function list_files(owner uuid, after_id uuid, only_purpose text, ascending boolean, page_limit integer)
returns json
language plpgsql stable security definer set search_path from current set enable_sort = off as $$
#variable_conflict use_variable
declare
  after_time timestamptz := case when ascending then '-infinity' else 'infinity' end;
  ids uuid[];
begin
  perform set_config('chatkeep.owner', owner::text, true);
  if after_id <> '00000000-0000-0000-0000-000000000000' then
    select f.created_at into after_time from files f where f.owner_id = owner and f.id = after_id;
    if not found then
      raise exception 'file_not_found' using errcode = 'CK000';
    end if;
  end if;
  if ascending then
    ids := array(
      select f.id from files f
      where f.owner_id = owner and (f.created_at, f.id) > (after_time, after_id) and f.sha256 is not null
        and (only_purpose is null or f.purpose = only_purpose)
      order by f.created_at, f.id limit page_limit
    );
  else
    ids := array(
      select f.id from files f
      where f.owner_id = owner and (f.created_at, f.id) < (after_time, after_id) and f.sha256 is not null
        and (only_purpose is null or f.purpose = only_purpose)
      order by f.created_at desc, f.id desc limit page_limit
    );
  end if;
  return (select json_agg(file_json(owner, i) order by n) from unnest(ids) with ordinality u (i, n));
end
$$;
