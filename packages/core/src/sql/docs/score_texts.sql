-- Returns the share of a question's terms, by weight, that each text holds: 0 to 1, and up to 0.3 more for terms of the
-- `background`. Texts come as words; the terms are those of `question_terms`.
create function score_texts(docs_name text, question text[], background text[], word_texts text[]) returns json
language plpgsql stable security definer set search_path from current as $$
begin
  return (
    with t as materialized (
      select * from question_terms(docs_name, question, background)
    ), total as (
      select sum(t.weight) filter (where t.asked) as weight from t
    ), given as (
      select body.place, to_tsvector('message_words', body.word_text) as search
      from unnest(word_texts) with ordinality as body (word_text, place)
    )
    select json_agg(round(coalesce((
      select sum(t.weight) / max(total.weight) from t, total where given.search @@ t.query
    ), 0)::numeric, 4) order by given.place)
    from given
  );
end
$$;
