-- Returns the files of an owner with ids above `after_id`, in order of their ids.
create function export_files(owner uuid, after_id uuid, page_limit integer) returns json
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_variable
begin
  perform set_config('chatkeep.owner', owner::text, true);
  return (
    select json_agg(file_json(owner, page.id) order by page.id) from (
      select f.id from files f
      where f.owner_id = owner and f.id > after_id and f.sha256 is not null
      order by f.id limit page_limit
    ) page
  );
end
$$;
