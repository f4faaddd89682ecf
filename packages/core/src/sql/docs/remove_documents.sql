-- Removes all documents except those at the `kept` paths, and returns their number.
create function remove_documents(docs_name text, kept text[]) returns integer
language plpgsql security definer set search_path from current as $$
declare
  vanished text[];
begin
  perform from docs b where b.name = docs_name for update;
  vanished := array(
    select c.path from documents c where c.docs = docs_name and c.path <> all (kept)
  );
  perform count_terms(docs_name, vanished, -1);
  insert into document_versions (docs, path, title, source)
  select c.docs, c.path, c.title, c.source from documents c where c.docs = docs_name and c.path = any (vanished);
  delete from documents c where c.docs = docs_name and c.path = any (vanished);
  return cardinality(vanished);
end
$$;
