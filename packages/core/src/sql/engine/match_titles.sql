-- Returns the conversations of an owner whose titles match a query, best first, as match_messages does: those that are not
-- deleted, of a scope, and active from `since` on and begun before `until`, if these are not null. The one that was active
-- last wins a tie.
create function match_titles(
  owner uuid,
  query text,
  only_scope text,
  since timestamp with time zone,
  until timestamp with time zone,
  page_limit integer
) returns json
language plpgsql security definer set search_path from current set plan_cache_mode = force_custom_plan
set enable_seqscan = off as $$
declare
  wanted tsquery := to_tsquery('message_words', query);
  result json;
begin
  perform set_config('chatkeep.engine', 'on', true);
  select coalesce(json_agg(json_build_object(
    'conversation', b.conversation_id, 'places', word_places(b.words, wanted)
  ) order by b.score desc, b.active_no desc), '[]') into result
  from (
    select t.conversation_id, t.words, c.active_no, ts_rank(t.words, wanted, 1) as score
    from title_words t
    cross join lateral (
      select k.active_no from conversations k
      where k.owner_id = owner and k.id = t.conversation_id and k.deleted_at is null and k.expires_at is null
        and not exists (
          select from unindexed_titles u where u.owner_id = owner and u.conversation_id = t.conversation_id
        )
        and (only_scope is null or k.scope = only_scope)
        and (since is null or k.updated_at >= since) and (until is null or k.created_at < until)
      offset 0
    ) c
    where t.owner_id = owner and t.words @@ wanted
    order by score desc, c.active_no desc limit page_limit
  ) b;
  perform set_config('chatkeep.engine', 'off', true);
  return result;
end
$$;
