-- Returns a document with its text; null when there is none at the path.
create function get_document(docs_name text, at_path text) returns json
language plpgsql stable security definer set search_path from current as $$
begin
  return (
    select json_build_object(
      'path', c.path, 'position', c.position, 'title', c.title, 'hash', c.hash, 'source', c.source
    )
    from documents c where c.docs = docs_name and c.path = at_path
  );
end
$$;
