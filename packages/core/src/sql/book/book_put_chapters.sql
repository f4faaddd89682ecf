-- Puts chapters with their passages in the place of what stood there, all or none, and says how many
-- changed: a chapter whose hash is there already is left alone. Two nodes that read the same folder at
-- once do the work once, for the book's row is locked first. `passage_chapters` are places in `paths`, from 1.
create function book_put_chapters(
  of_book text,
  paths text[],
  positions integer[],
  titles text[],
  hashes text[],
  sources text[],
  passage_chapters integer[],
  passage_sections text[],
  passage_anchors text[],
  passage_contexts text[],
  passage_texts text[]
) returns integer
language plpgsql security definer set search_path from current as $$
declare
  changed text[];
begin
  insert into books (name) values (of_book) on conflict (name) do nothing;
  perform from books b where b.name = of_book for update;
  changed := array(
    select given.path
    from unnest(paths, hashes) as given (path, hash)
    left join chapters c on c.book = of_book and c.path = given.path
    where c.hash is distinct from given.hash
  );

  perform book_count_terms(of_book, changed, -1);
  delete from passages p where p.book = of_book and p.path = any (changed);
  insert into chapter_versions (book, path, title, source)
  select c.book, c.path, c.title, c.source from chapters c
  join unnest(paths, sources) as given (path, source) on given.path = c.path and given.source <> c.source
  where c.book = of_book and c.path = any (changed);
  insert into chapters (book, path, position, title, hash, source)
  select of_book, given.path, given.place, given.title, given.hash, given.source
  from unnest(paths, positions, titles, hashes, sources) as given (path, place, title, hash, source)
  where given.path = any (changed)
  on conflict (book, path) do update set
    position = excluded.position, title = excluded.title, hash = excluded.hash, source = excluded.source;
  insert into passages (book, path, position, section, anchor, context, text)
  select
    of_book, paths[given.chapter], row_number() over (partition by given.chapter order by given.place),
    given.section, given.anchor, given.context, given.body
  from unnest(passage_chapters, passage_sections, passage_anchors, passage_contexts, passage_texts)
    with ordinality as given (chapter, section, anchor, context, body, place)
  where paths[given.chapter] = any (changed);
  perform book_count_terms(of_book, changed, 1);
  -- Without statistics the planner takes tables that were empty for small: a search among 3,200 new passages
  -- took 75 ms, and 8 ms with them. They are due when a fifth of the book or more is new.
  if exists (
    select from books b where b.name = of_book and b.passage_count <= 5 * (
      select count(*) from passages p where p.book = of_book and p.path = any (changed)
    )
  ) and cardinality(changed) > 0 then
    analyze passages, terms;
  end if;
  return cardinality(changed);
end
$$;
