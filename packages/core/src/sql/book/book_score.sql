-- How much of a question each of `texts` holds, in their order: 0 to 1, the share of its terms by weight.
create function book_score(of_book text, question text, background text, texts text[]) returns json
language plpgsql stable security definer set search_path from current as $$
begin
  return (
    with asked as materialized (
      select * from book_terms(of_book, question, background)
    ), scored as (
      select
        given.place,
        coalesce(sum(asked.weight) filter (where words.search @@ asked.query), 0) / sum(asked.weight) as score
      from unnest(texts) with ordinality as given (body, place)
      cross join lateral (
        select to_tsvector('pg_catalog.english', translate(given.body, '/_.:=<>&@\', '          ')) as search
      ) words
      cross join asked
      group by given.place
    )
    select json_agg(round(coalesce(s.score, 0)::numeric, 4) order by given.place)
    from unnest(texts) with ordinality as given (body, place) left join scored s on s.place = given.place
  );
end
$$;
