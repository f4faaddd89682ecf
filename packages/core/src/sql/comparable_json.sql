-- Returns JSON as jsonb, which can hold neither NUL nor lone surrogates: each becomes U+FDD0 and its four hex digits, as in text.
create function comparable_json(value json) returns jsonb
language sql immutable security definer set search_path from current as $$
  select regexp_replace(value::text, '(?<!\\)((?:\\\\)*)\\u(0000|d[89a-f][0-9a-f]{2})', '\1\\ufdd0\2', 'g')::jsonb
$$;
