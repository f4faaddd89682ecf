-- Returns a file as JSON. Null when it does not exist, is not complete, or is deleted.
create function file_json(owner uuid, file uuid) returns json
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_variable
begin
  perform set_config('chatkeep.owner', owner::text, true);
  return (
    select json_build_object(
      'id', f.id, 'name', f.name, 'media_type', f.media_type, 'size', f.size, 'sha256', encode(f.sha256, 'hex'),
      'created_at', f.created_at, 'purpose', f.purpose
    )
    from files f where f.owner_id = owner and f.id = file and f.sha256 is not null
  );
end
$$;
