-- The place of a conversation in the list of its owner's that was begun elsewhere, and in which nothing was said here yet:
-- below all others, by the time of its last message. The last digits are allocated, so that two hardly tie. Ten digits of
-- seconds and five of those are exact in JavaScript.
create function imported_no(written_at timestamp with time zone) returns bigint
language sql volatile security definer set search_path from current as $$
  select (least(extract(epoch from written_at)::bigint, 9999999999) - 10000000000) * 100000 + nextval('activity') % 100000
$$;
