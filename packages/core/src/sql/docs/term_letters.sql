-- The letters of a term as `search/words.ts` encodes it, `n0u1089zu1083z` for "сл", by which a typing error is
-- corrected. Null for what no letter may change: numbers, and characters of scripts without spaces (Thai is 3585).
create function term_letters(term text) returns text
language plpgsql immutable security definer set search_path from current as $$
begin
  if term ~ '^[a-z]+$' then
    return term;
  elsif term !~ '^n0(u(1[6-9]\d|[2-9]\d\d|[12]\d{3}|3[0-4]\d\d)z|[a-z])+$' then
    return null;
  end if;
  return (
    select string_agg(coalesce(chr(letter[1]::integer), letter[2]), '' order by place)
    from regexp_matches(substr(term, 3), 'u(\d+)z|(.)', 'g') with ordinality as found (letter, place)
  );
end
$$;
