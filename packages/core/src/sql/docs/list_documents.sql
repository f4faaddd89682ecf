-- Lists the documents in order, without their text.
create function list_documents(docs_name text) returns json
language plpgsql stable security definer set search_path from current as $$
begin
  return coalesce((
    select json_agg(
      json_build_object('path', c.path, 'position', c.position, 'title', c.title, 'hash', c.hash)
      order by c.position, c.path
    )
    from documents c where c.docs = docs_name
  ), '[]');
end
$$;
