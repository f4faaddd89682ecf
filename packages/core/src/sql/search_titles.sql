-- Returns the conversations of an owner whose titles match a query, best first, with the positions of the query's words;
-- and up to `batch` titles that are not indexed yet (see index_titles), without which the first are incomplete.
-- match_titles finds them; this function checks each again under row-level security.
create function search_titles(
  owner uuid,
  query text,
  only_scope text,
  since timestamp with time zone,
  until timestamp with time zone,
  page_limit integer,
  batch integer
) returns table (titles json, unindexed json)
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
declare
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
begin
  select coalesce(json_agg(json_build_object('id', c.id, 'title', c.title)), '[]') into unindexed from (
    select k.id, k.title from unindexed_titles u
    cross join lateral (
      select c.id, c.title from conversations c where c.owner_id = owner and c.id = u.conversation_id offset 0
    ) k
    where u.owner_id = owner limit batch
  ) c;
  select coalesce(json_agg(json_build_object('conversation', conversation_json(owner, c.id), 'places', f.places) order by f.place), '[]')
  into titles
  from rows from (
    json_to_recordset(match_titles(owner, query, only_scope, since, until, page_limit))
      as (conversation text, places json)
  ) with ordinality as f (conversation, places, place)
  cross join lateral (
    select k.id from conversations k
    where k.owner_id = owner and k.id = f.conversation and k.deleted_at is null limit 1
  ) c;
  return next;
end
$$;
