-- Replaces the documents at these paths, all or none, and returns how many changed. Skips a document with an equal hash:
-- the docs' row is locked first, so of two nodes that read a folder at once, one does the work. `passage_documents` are
-- indexes into `paths`, from 1. The words of heading, context and text, cut by `search/words.ts`, have different weights.
-- An equal passage at the same position keeps its vector.
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
  passage_texts text[],
  heading_words text[],
  context_words text[],
  text_words text[]
) returns integer
language plpgsql security definer set search_path from current as $$
declare
  changed text[];
  put passages[];
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
  with given as (
    select
      paths[g.document] as path, row_number() over (partition by g.document order by g.place) as position,
      g.section, g.anchor, g.context, g.body,
      setweight(to_tsvector('message_words', g.heading), 'A') || setweight(to_tsvector('message_words', g.above), 'B')
        || to_tsvector('message_words', g.words) as search
    from unnest(
      passage_documents, passage_sections, passage_anchors, passage_contexts, passage_texts,
      heading_words, context_words, text_words
    ) with ordinality as g (document, section, anchor, context, body, heading, above, words, place)
    where paths[g.document] = any (changed)
  )
  select array_agg(row(docs_name, given.*)::passages) into put from given;
  delete from passages p where p.docs = docs_name and p.path = any (changed) and not exists (
    select from unnest(put) n
    where (n.path, n.position, n.context, n.text) = (p.path, p.position, p.context, p.text)
      and n.section is not distinct from p.section and n.anchor is not distinct from p.anchor
  );
  insert into passages select n.* from unnest(put) n
  on conflict (docs, path, position) do update set search = excluded.search;
  perform count_terms(docs_name, changed, 1);
  -- Without statistics the planner takes new tables for small ones: a search among 3,200 new passages took 75 ms, and
  -- 8 ms with them. So they are made when a fifth of the docs or more is new.
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
