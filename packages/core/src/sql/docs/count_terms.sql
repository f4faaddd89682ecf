-- Adds the terms of these documents to the docs' statistics (`sign` 1), or subtracts them (-1), in the transaction that
-- changes the passages. The caller has locked the docs' row.
create function count_terms(docs_name text, at_paths text[], sign integer) returns void
language plpgsql security definer set search_path from current as $$
begin
  update docs b set
    passage_count = b.passage_count + sign * given.passages,
    term_count = b.term_count + sign * given.terms
  from (
    select count(*) as passages, coalesce(sum(length(p.search)), 0) as terms
    from passages p where p.docs = docs_name and p.path = any (at_paths)
  ) given
  where b.name = docs_name;

  if sign > 0 then
    insert into terms as t (docs, term, letters, passage_count)
    select docs_name, word.lexeme, term_letters(word.lexeme), count(*)
    from passages p cross join lateral unnest(p.search) word
    where p.docs = docs_name and p.path = any (at_paths)
    group by word.lexeme
    on conflict (docs, term) do update set
      letters = excluded.letters, passage_count = t.passage_count + excluded.passage_count;
  else
    with gone as (
      select word.lexeme, count(*) as passages
      from passages p cross join lateral unnest(p.search) word
      where p.docs = docs_name and p.path = any (at_paths)
      group by word.lexeme
    ), emptied as (
      delete from terms t using gone
      where t.docs = docs_name and t.term = gone.lexeme and t.passage_count <= gone.passages
    )
    update terms t set passage_count = t.passage_count - gone.passages
    from gone where t.docs = docs_name and t.term = gone.lexeme and t.passage_count > gone.passages;
  end if;
end
$$;
