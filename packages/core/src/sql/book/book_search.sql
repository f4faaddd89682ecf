-- The passages that best fit a question, best first, each with a score from 0 to 1: the share of the
-- question's terms, by weight, that the passage holds. A term in the section's heading counts 1, in the
-- chapter's title or a heading above 0.8, once in the text 0.6, more often there up to 1; long passages count
-- less. Chapters at the `preferred` path count 1.2 times.
create function book_search(
  of_book text,
  question text,
  background text,
  preferred text,
  only_path text,
  page_limit integer
) returns json
language plpgsql stable security definer set search_path from current as $$
begin
  return (
    with asked as materialized (
      select * from book_terms(of_book, question, background)
    ), total as (
      select
        sum(a.weight) as weight,
        -- Common words alone make no candidate: they would fetch most of the book.
        (string_agg(a.query::text, ' | ') filter (where a.weight >= heaviest.weight * 0.15))::tsquery as query
      from asked a, (select max(h.weight) as weight from asked h where h.query is not null) heaviest
    ), ranked as (
      select
        p.path, p.position, p.section, p.anchor, p.text,
        least(1.0,
          case when p.path = preferred then 1.2 else 1.0 end
          * sum(
            -- ts_rank of one term is the sum of weight / place², at most π²/6 of the weight.
            asked.weight * least(1.0, 1.645 * ts_rank('{0.7, 0.8, 0.85, 1.0}', p.search, asked.query))
          )
          / total.weight
          -- A heading that says little else is more to the point than one that says much besides.
          * (0.8 + 0.2 * count(*) filter (where ts_filter(p.search, '{a,b}') @@ asked.query)
            / greatest(1, length(ts_filter(p.search, '{a,b}'))))
          / (0.85 + 0.15 * length(p.search) / greatest(1, b.term_count::double precision / b.passage_count))
        ) as score
      from total
      join books b on b.name = of_book
      join passages p on p.book = b.name and p.search @@ total.query
      join asked on p.search @@ asked.query
      where only_path is null or p.path = only_path
      group by p.book, p.path, p.position, total.weight, b.name
      order by score desc, p.path, p.position
      limit page_limit
    )
    select coalesce(json_agg(json_build_object(
      'path', r.path, 'title', c.title, 'position', r.position, 'section', r.section, 'anchor', r.anchor,
      'text', r.text, 'score', round(r.score::numeric, 4)
    ) order by r.score desc, r.path, r.position), '[]')
    from ranked r join chapters c on c.book = of_book and c.path = r.path
  );
end
$$;
