-- Returns the passages that match a question, best first, each with a score from 0 to 1: the share of the question's
-- terms, by weight, that it holds. A term counts 0.8 in the heading, 0.55 in the text, less with each repetition, and 0.4
-- in the document's title or a heading above. Long passages count less. Terms of the `background` add to the score.
-- Passages of the `preferred` document count 1.2 times.
create function search_passages(
  docs_name text,
  question text[],
  background text[],
  preferred text,
  only_path text,
  page_limit integer
) returns json
language plpgsql stable security definer set search_path from current as $$
begin
  return (
    with t as materialized (
      select * from question_terms(docs_name, question, background)
    ), total as (
      select
        sum(t.weight) filter (where t.asked) as weight,
        -- A common word alone makes no candidate, or most passages would be read.
        (string_agg(t.query::text, ' | ') filter (where t.weight >= heaviest.weight * 0.15))::tsquery as query
      from t, (select max(h.weight) as weight from t h where h.query is not null) heaviest
    ), candidates as (
      select
        p.path, p.position,
        case when p.path = preferred then 1.2 else 1.0 end
          -- For one term, ts_rank is the sum of weight / place² over its places, divided by π²/6. Once in the heading
          -- and twice in the text is 0.77, which counts as a full match.
          * sum(t.weight * ts_rank('{0.7, 0.6, 0.5, 1.0}', p.search, t.query) / 0.77)
          / total.weight
          / (0.85 + 0.15 * p.size / greatest(1, b.term_count::double precision / b.passage_count))
          as score
      from total
      join docs b on b.name = docs_name
      cross join lateral (
        -- "||" and "offset 0": terms beyond 2 kB, as Japanese and Russian ones are, would be decompressed for each term.
        select m.path, m.position, length(m.search) as size, m.search || '' as search
        from passages m
        where m.docs = b.name and m.search @@ total.query and (only_path is null or m.path = only_path)
        offset 0
      ) p
      join t on p.search @@ t.query
      group by p.path, p.position, p.size, total.weight, b.name
      order by score desc, p.path, p.position
      limit greatest(50, page_limit)
    ), ranked as (
      select
        p.path, p.position, p.section, p.anchor, p.text,
        -- A heading with few other words ranks higher.
        c.score * (0.8 + 0.2 * heading.matched) as score
      from candidates c
      join passages p on p.docs = docs_name and p.path = c.path and p.position = c.position
      cross join lateral (
        select coalesce(
          sum(1.0 / w.passage_count) filter (where exists (
            select from t where array_to_tsvector(array[word.lexeme]) @@ t.query
          ))
            / sum(1.0 / w.passage_count), 0
        ) as matched
        from unnest(ts_filter(p.search, '{a}')) word
        join terms w on w.docs = docs_name and w.term = word.lexeme
      ) heading
      order by score desc, p.path, p.position
      limit page_limit
    )
    select coalesce(json_agg(json_build_object(
      'path', r.path, 'title', c.title, 'position', r.position, 'section', r.section, 'anchor', r.anchor,
      'text', r.text, 'score', least(1, round(r.score::numeric, 4))
    ) order by r.score desc, r.path, r.position), '[]')
    from ranked r join documents c on c.docs = docs_name and c.path = r.path
  );
end
$$;
