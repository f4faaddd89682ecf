-- JSON whose texts PostgreSQL can hold: NUL and halves of a surrogate pair become U+FFFD. One such message would
-- otherwise make every query that reads its text fail.
create or replace function readable(value json) returns json language sql immutable parallel safe
set search_path = pg_catalog as $$
  select case when value::text !~ '\\u(0000|d[89a-f])' then value
    -- A backslash that is itself escaped begins no escape.
    else regexp_replace(value::text, '(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})', U&'\005C1\FFFD', 'g')::json end
$$;

-- Text as Chatkeep stores it, where such units are escaped as U+FDD0 and four digits.
create or replace function readable(value text) returns text language sql immutable parallel safe
set search_path = pg_catalog as $$
  select regexp_replace(value, U&'\FDD0[0-9a-f]{4}', U&'\FFFD', 'g')
$$;

-- The text of a message: its text parts joined, or the result of a message that holds only tool results.
create or replace function content_of(parts json) returns text language sql immutable parallel safe
set search_path = :views, pg_catalog as $$
  select coalesce(
    nullif(string_agg(p.part ->> 'text', '' order by p.n) filter (where p.part ->> 'type' = 'text'), ''),
    (array_agg(coalesce(p.part ->> 'result', 'null') order by p.n) filter (where p.part ->> 'type' = 'tool-result'))[1],
    ''
  )
  from json_array_elements(readable(parts)) with ordinality p (part, n)
$$;

-- The `owner_id` of a signed-in user (`kind` 'user', the `sub` and `iss` of their tokens), or of a browser session.
create or replace function owner_of(kind text, id text, issuer text default '') returns uuid language sql immutable parallel safe
set search_path = pg_catalog as $$
  select encode(set_byte(set_byte(d.hash, 6, get_byte(d.hash, 6) & 15 | 128), 8, get_byte(d.hash, 8) & 63 | 128), 'hex')::uuid
  from (
    select substring(sha256(convert_to(
      case kind
        when 'user' then format('["user",%s,%s]', to_json(issuer), to_json(id))
        when 'session' then format('["session",%s]', to_json(lower(id)))
      end, 'UTF8'
    )) for 16) as hash
  ) d
$$;

-- Whoever may call it sees the rows of all owners in the views; others only those of the owner that they set.
create or replace function all_rows() returns void language sql set search_path = pg_catalog as '';
revoke execute on function all_rows() from public;

-- Lets a role read the views: `rows` is 'all', or 'own' for the rows of the owner that the setting chatkeep.owner
-- names. With 'all', its tables may also have foreign keys to conversations.
create or replace function grant_to(role name, rows text default 'all') returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
  if rows is null or rows not in ('all', 'own') then
    raise exception 'rows has to be ''all'' or ''own'', not %', quote_nullable(rows) using errcode = '22023';
  end if;
  execute format('grant usage on schema :views to %I', role);
  execute format('grant select on all tables in schema :views to %I', role);
  execute format('grant execute on function :views.owner_of(text, text, text), :views.content_of(json) to %I', role);
  if rows = 'all' then
    execute format('grant execute on function :views.all_rows() to %I', role);
    execute format('grant usage on schema :schema to %I', role);
    execute format('grant references (owner_id, id) on :schema.conversations to %I', role);
  else
    execute format('revoke execute on function :views.all_rows() from %I', role);
    execute format('revoke references (owner_id, id) on :schema.conversations from %I', role);
  end if;
end
$$;
revoke execute on function grant_to(name, text) from public;
