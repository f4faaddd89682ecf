-- Removes every chapter of a book but those at the `kept` paths, and says how many it removed.
create function book_remove_chapters(of_book text, kept text[]) returns integer
language plpgsql security definer set search_path from current as $$
declare
  vanished text[];
begin
  perform from books b where b.name = of_book for update;
  vanished := array(
    select c.path from chapters c where c.book = of_book and c.path <> all (kept)
  );
  perform book_count_terms(of_book, vanished, -1);
  insert into chapter_versions (book, path, title, source)
  select c.book, c.path, c.title, c.source from chapters c where c.book = of_book and c.path = any (vanished);
  delete from chapters c where c.book = of_book and c.path = any (vanished);
  return cardinality(vanished);
end
$$;
