-- One chapter of a book with its text; null when there is none at that path.
create function book_chapter(of_book text, at_path text) returns json
language plpgsql stable security definer set search_path from current as $$
begin
  return (
    select json_build_object(
      'path', c.path, 'position', c.position, 'title', c.title, 'hash', c.hash, 'source', c.source
    )
    from chapters c where c.book = of_book and c.path = at_path
  );
end
$$;
