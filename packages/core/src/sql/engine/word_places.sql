-- Returns the positions of a query's words among the words of a text, from 1, in order.
create function word_places(words tsvector, wanted tsquery) returns json
language plpgsql immutable security definer set search_path from current as $$
begin
  return (
    select coalesce(json_agg(place order by place), '[]')
    from unnest(words) word cross join lateral unnest(word.positions) place
    where array_to_tsvector(array[word.lexeme]) @@ any (
      select l.word::tsquery from unnest(regexp_split_to_array(
        regexp_replace(querytree(wanted), '<[-0-9]+>', '&', 'g'), '\s*[&|()]+\s*'
      )) l (word) where l.word not in ('', 'T')
    )
  );
end
$$;
