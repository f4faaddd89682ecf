-- The terms of a question with their weight: that of BM25 (the rarer in the book's passages, the more;
-- Robertson and Zaragoza 2009, 3.4). Those that only the `background` holds count 0.4 of it. A term
-- that the book does not know is taken for the one it begins, continues or misses by one letter, at 0.7;
-- where there is none its `query` is null and its weight that of a term in no passage.
create function book_terms(of_book text, question text, background text)
returns table (term text, weight double precision, query tsquery)
language plpgsql stable security definer set search_path from current as $$
declare
  total double precision := coalesce((select b.passage_count from books b where b.name = of_book), 0);
begin
  return query
  with asked as (
    select word.lexeme collate "C" as lexeme, max(given.share) as share
    from (values (question, 1.0), (background, 0.4)) given (words, share)
    cross join lateral unnest(
      to_tsvector('pg_catalog.english', translate(given.words, '/_.:=<>&@\', '          '))
    ) word
    group by word.lexeme
  ), found as (
    select
      asked.lexeme,
      asked.share * case when t.term is null and near.term is not null then 0.7 else 1.0 end as share,
      coalesce(t.term, near.term) as known,
      coalesce(t.passage_count, near.passage_count, 0) as passages
    from asked
    left join terms t on t.book = of_book and t.term = asked.lexeme
    left join lateral (
      select n.term, n.passage_count
      from terms n
      where t.term is null and length(asked.lexeme) >= 4 and n.book = of_book
        and n.term >= left(asked.lexeme, 1) and n.term < left(asked.lexeme, 1) || chr(1114111)
        and length(n.term) between greatest(4, length(asked.lexeme) * 0.6) and length(asked.lexeme) / 0.6
        and (
          starts_with(n.term, asked.lexeme)
          or starts_with(asked.lexeme, n.term)
          or (
            -- One letter more, less or other, or two swapped: what stands before and behind is equal. A short
            -- word that differs is more often another word (bread, break) than a slip.
            abs(length(n.term) - length(asked.lexeme)) <= 1
            and exists (
              select from generate_series(0, length(asked.lexeme)) as place
              where left(n.term, place) = left(asked.lexeme, place)
                and (
                  (substr(n.term, place + 2) = substr(asked.lexeme, place + 1) and length(n.term) >= 6)
                  or (substr(n.term, place + 1) = substr(asked.lexeme, place + 2) and length(n.term) >= 5)
                  or (substr(n.term, place + 2) = substr(asked.lexeme, place + 2) and length(n.term) >= 6)
                  or (
                    substr(n.term, place + 3) = substr(asked.lexeme, place + 3)
                    and substr(n.term, place + 1, 2) = reverse(substr(asked.lexeme, place + 1, 2))
                  )
                )
            )
          )
        )
      order by abs(length(n.term) - length(asked.lexeme)), n.passage_count desc, n.term
      limit 1
    ) near on true
  )
  select
    found.lexeme,
    found.share * ln(1 + (total - found.passages + 0.5) / (found.passages + 0.5)),
    case when found.known is not null then array_to_tsvector(array[found.known])::text::tsquery end
  from found;
end
$$;
