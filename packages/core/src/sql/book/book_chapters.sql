-- The chapters of a book in order, without their text.
create function book_chapters(of_book text) returns json
language plpgsql stable security definer set search_path from current as $$
begin
  return coalesce((
    select json_agg(
      json_build_object('path', c.path, 'position', c.position, 'title', c.title, 'hash', c.hash)
      order by c.position, c.path
    )
    from chapters c where c.book = of_book
  ), '[]');
end
$$;
