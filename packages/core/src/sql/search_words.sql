-- Returns the messages of an owner that match a query, best first, with their conversations. match_messages finds them;
-- this function checks each again under row-level security.
create function search_words(
  owner uuid,
  query text,
  only_conversation text,
  only_scope text,
  only_role text,
  since timestamp with time zone,
  until timestamp with time zone,
  page_offset integer,
  page_limit integer
) returns json
language plpgsql security definer set search_path from current as $$
declare
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
begin
  return (
    select coalesce(json_agg(json_build_object(
      'conversation', c.id, 'seq', f.seq, 'title', c.title, 'scope', c.scope, 'scope_label', c.scope_label,
      'score', f.score, 'places', f.places
    ) order by f.place), '[]')
    from rows from (
      json_to_recordset(match_messages(
        owner, query, only_conversation, only_scope, only_role, since, until, page_offset, page_limit
      ))
        as (conversation text, seq bigint, score numeric, places json)
    ) with ordinality as f (conversation, seq, score, places, place)
    -- A lookup by key for each: a join would hash all conversations.
    cross join lateral (
      select k.id, k.title, k.scope, k.scope_label from conversations k
      where k.owner_id = owner and k.id = f.conversation and k.deleted_at is null limit 1
    ) c
  );
end
$$;
