-- Adds the terms of these chapters to the book's statistics (`sign` 1), or takes them away (-1): in the
-- transaction that changes the passages, so the numbers always fit them. The caller holds the book's row.
create function book_count_terms(of_book text, at_paths text[], sign integer) returns void
language plpgsql security definer set search_path from current as $$
begin
  update books b set
    passage_count = b.passage_count + sign * given.passages,
    term_count = b.term_count + sign * given.terms
  from (
    select count(*) as passages, coalesce(sum(length(p.search)), 0) as terms
    from passages p where p.book = of_book and p.path = any (at_paths)
  ) given
  where b.name = of_book;

  if sign > 0 then
    insert into terms as t (book, term, passage_count)
    select of_book, word.lexeme, count(*)
    from passages p cross join lateral unnest(p.search) word
    where p.book = of_book and p.path = any (at_paths)
    group by word.lexeme
    on conflict (book, term) do update set passage_count = t.passage_count + excluded.passage_count;
  else
    with gone as (
      select word.lexeme, count(*) as passages
      from passages p cross join lateral unnest(p.search) word
      where p.book = of_book and p.path = any (at_paths)
      group by word.lexeme
    ), emptied as (
      delete from terms t using gone
      where t.book = of_book and t.term = gone.lexeme and t.passage_count <= gone.passages
    )
    update terms t set passage_count = t.passage_count - gone.passages
    from gone where t.book = of_book and t.term = gone.lexeme and t.passage_count > gone.passages;
  end if;
end
$$;
