-- Returns the terms of a question with their weights. `question` and `background` hold words as `search/words.ts` cuts
-- them, or prefixes (`n0u29483z:*`). Terms of the `background` alone are not `asked`, and together weigh 0.3 of those that
-- are. A term that the docs do not hold is replaced by one that it begins, continues or misses by one letter, at 0.7 of
-- the weight. Without such a term, `query` is null, and the weight is that of a term in no passage.
create function question_terms(docs_name text, question text[], background text[])
returns table (asked boolean, weight double precision, query tsquery)
language plpgsql stable security definer set search_path from current as $$
declare
  total double precision := coalesce((select b.passage_count from docs b where b.name = docs_name), 0);
begin
  return query
  with words as (
    select word.lexeme collate "C" as lexeme, term like '%:*' as open, bool_or(given.asked) as asked
    from (values (question, true), (background, false)) given (terms, asked)
    cross join lateral unnest(given.terms) term
    cross join lateral unnest(to_tsvector('message_words', rtrim(term, ':*'))) word
    group by word.lexeme, open
  ), known as (
    select
      w.lexeme, w.asked, w.open,
      coalesce(t.term, near.term) as term,
      case when t.term is not null or near.is_equal or near.term is null then 1.0 else 0.7 end as share,
      coalesce(t.passage_count, near.passage_count, 0) as passages
    from words w
    left join lateral (
      select w.lexeme as term, least(sum(n.passage_count), total) as passage_count
      from terms n
      where n.docs = docs_name and n.term >= w.lexeme
        and n.term <= case when w.open then w.lexeme || '~' else w.lexeme end
      having count(*) > 0
    ) t on true
    left join lateral (
      select n.term, n.passage_count, n.letters = given.letters as is_equal
      from term_letters(w.lexeme) given (letters) join terms n on n.docs = docs_name
      where t.term is null and length(given.letters) >= 4
        and n.letters >= left(given.letters, 1) and n.letters < left(given.letters, 1) || chr(1114111)
        and length(n.letters) between greatest(4, length(given.letters) * 0.6) and length(given.letters) / 0.6
        and (
          starts_with(n.letters, given.letters)
          or starts_with(given.letters, n.letters)
          or (
            -- One letter more, less or different, or two swapped; the rest is equal. A short word that differs is
            -- more often another word (bread, break) than a typing error.
            abs(length(n.letters) - length(given.letters)) <= 1
            and exists (
              select from generate_series(0, length(given.letters)) as place
              where left(n.letters, place) = left(given.letters, place)
                and (
                  (substr(n.letters, place + 2) = substr(given.letters, place + 1) and length(n.letters) >= 6)
                  or (substr(n.letters, place + 1) = substr(given.letters, place + 2) and length(n.letters) >= 5)
                  or (substr(n.letters, place + 2) = substr(given.letters, place + 2) and length(n.letters) >= 6)
                  or (
                    substr(n.letters, place + 3) = substr(given.letters, place + 3)
                    and substr(n.letters, place + 1, 2) = reverse(substr(given.letters, place + 1, 2))
                  )
                )
            )
          )
        )
      order by abs(length(n.letters) - length(given.letters)), n.passage_count desc, n.term
      limit 1
    ) near on true
  ), weighed as (
    select k.*, k.share * term_weight(total, k.passages) as own_weight
    from known k
  )
  select
    w.asked,
    case
      when w.asked then w.own_weight
      else w.own_weight * 0.3 * sum(w.own_weight) filter (where w.asked) over ()
        / nullif(sum(w.own_weight) filter (where not w.asked) over (), 0)
    end,
    case when w.term is not null then
      (array_to_tsvector(array[w.term])::text || case when w.open then ':*' else '' end)::tsquery
    end
  from weighed w;
end
$$;
