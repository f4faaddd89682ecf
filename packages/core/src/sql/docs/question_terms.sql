-- The terms of a question with their weight: that of BM25 (the rarer in the docs' passages, the more;
-- Robertson and Zaragoza 2009, 3.4). Those that only the `background` holds are not `asked`, and weigh
-- together 0.3 of those that are. A term that the docs do not know is taken for the one it begins,
-- continues or misses by one letter, at 0.7; where there is none, `found` and `query` are null and its weight is that
-- of a term in no passage.
create function question_terms(docs_name text, question text, background text)
returns table (asked boolean, found text, weight double precision, query tsquery)
language plpgsql stable security definer set search_path from current as $$
declare
  total double precision := coalesce((select b.passage_count from docs b where b.name = docs_name), 0);
begin
  return query
  with words as (
    select word.lexeme collate "C" as lexeme, bool_or(given.asked) as asked
    from (values (question, true), (background, false)) given (body, asked)
    cross join lateral unnest(
      to_tsvector('book_words', translate(given.body, '/_.:=<>&@\', '          '))
    ) word
    group by word.lexeme
  ), known as (
    select
      w.lexeme, w.asked,
      coalesce(t.term, near.term) as term,
      case when t.term is null and near.term is not null then 0.7 else 1.0 end as share,
      coalesce(t.passage_count, near.passage_count, 0) as passages
    from words w
    left join terms t on t.docs = docs_name and t.term = w.lexeme
    left join lateral (
      select n.term, n.passage_count
      from terms n
      where t.term is null and length(w.lexeme) >= 4 and n.docs = docs_name
        and n.term >= left(w.lexeme, 1) and n.term < left(w.lexeme, 1) || chr(1114111)
        and length(n.term) between greatest(4, length(w.lexeme) * 0.6) and length(w.lexeme) / 0.6
        and (
          starts_with(n.term, w.lexeme)
          or starts_with(w.lexeme, n.term)
          or (
            -- One letter more, less or other, or two swapped: what stands before and behind is equal. A short
            -- word that differs is more often another word (bread, break) than a slip.
            abs(length(n.term) - length(w.lexeme)) <= 1
            and exists (
              select from generate_series(0, length(w.lexeme)) as place
              where left(n.term, place) = left(w.lexeme, place)
                and (
                  (substr(n.term, place + 2) = substr(w.lexeme, place + 1) and length(n.term) >= 6)
                  or (substr(n.term, place + 1) = substr(w.lexeme, place + 2) and length(n.term) >= 5)
                  or (substr(n.term, place + 2) = substr(w.lexeme, place + 2) and length(n.term) >= 6)
                  or (
                    substr(n.term, place + 3) = substr(w.lexeme, place + 3)
                    and substr(n.term, place + 1, 2) = reverse(substr(w.lexeme, place + 1, 2))
                  )
                )
            )
          )
        )
      order by abs(length(n.term) - length(w.lexeme)), n.passage_count desc, n.term
      limit 1
    ) near on true
  ), weighed as (
    select k.*, k.share * ln(1 + (total - k.passages + 0.5) / (k.passages + 0.5)) as own_weight
    from known k
  )
  select
    w.asked,
    w.term,
    case
      when w.asked then w.own_weight
      else w.own_weight * 0.3 * sum(w.own_weight) filter (where w.asked) over ()
        / nullif(sum(w.own_weight) filter (where not w.asked) over (), 0)
    end,
    case when w.term is not null then array_to_tsvector(array[w.term])::text::tsquery end
  from weighed w;
end
$$;
