-- Puts documents with their passages in the place of what stood there, all or none, and says how many
-- changed: a document whose hash is there already is left alone. Two nodes that read the same folder at
-- once do the work once, for the docs' row is locked first. `passage_documents` are places in `paths`, from 1.
create function put_documents(
  docs_name text,
  paths text[],
  positions integer[],
  titles text[],
  hashes text[],
  sources text[],
  passage_documents integer[],
  passage_sections text[],
  passage_anchors text[],
  passage_contexts text[],
  passage_texts text[]
) returns integer
language plpgsql security definer set search_path from current as $$
declare
  changed text[];
begin
  insert into docs (name) values (docs_name) on conflict (name) do nothing;
  perform from docs b where b.name = docs_name for update;
  changed := array(
    select given.path
    from unnest(paths, hashes) as given (path, hash)
    left join documents c on c.docs = docs_name and c.path = given.path
    where c.hash is distinct from given.hash
  );

  perform count_terms(docs_name, changed, -1);
  delete from passages p where p.docs = docs_name and p.path = any (changed);
  insert into document_versions (docs, path, title, source)
  select c.docs, c.path, c.title, c.source from documents c
  join unnest(paths, sources) as given (path, source) on given.path = c.path and given.source <> c.source
  where c.docs = docs_name and c.path = any (changed);
  insert into documents (docs, path, position, title, hash, source)
  select docs_name, given.path, given.place, given.title, given.hash, given.source
  from unnest(paths, positions, titles, hashes, sources) as given (path, place, title, hash, source)
  where given.path = any (changed)
  on conflict (docs, path) do update set
    position = excluded.position, title = excluded.title, hash = excluded.hash, source = excluded.source;
  insert into passages (docs, path, position, section, anchor, context, text)
  select
    docs_name, paths[given.document], row_number() over (partition by given.document order by given.place),
    given.section, given.anchor, given.context, given.body
  from unnest(passage_documents, passage_sections, passage_anchors, passage_contexts, passage_texts)
    with ordinality as given (document, section, anchor, context, body, place)
  where paths[given.document] = any (changed);
  perform count_terms(docs_name, changed, 1);
  -- Without statistics the planner takes tables that were empty for small: a search among 3,200 new passages
  -- took 75 ms, and 8 ms with them. They are due when a fifth of the docs or more is new.
  if exists (
    select from docs b where b.name = docs_name and b.passage_count <= 5 * (
      select count(*) from passages p where p.docs = docs_name and p.path = any (changed)
    )
  ) and cardinality(changed) > 0 then
    analyze passages, terms;
  end if;
  return cardinality(changed);
end
$$;
