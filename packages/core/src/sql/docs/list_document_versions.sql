-- Lists the previous versions of a document, latest first, at most 50.
create function list_document_versions(docs_name text, at_path text) returns json
language plpgsql stable security definer set search_path from current as $$
begin
  return (
    select coalesce(json_agg(json_build_object(
      'title', v.title, 'source', v.source, 'replacedAt', v.replaced_at
    ) order by v.id desc), '[]')
    from (
      select k.* from document_versions k where k.docs = docs_name and k.path = at_path order by k.id desc limit 50
    ) v
  );
end
$$;
