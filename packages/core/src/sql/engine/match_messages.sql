-- Returns the messages of an owner that match a query, best first, of conversations that are not deleted. The arguments
-- that are not null narrow it: to a conversation, a scope, a role, and a time from `since` on and before `until`. The score
-- is ts_rank, divided by 1 + the logarithm of the length; the later message wins a tie. Each comes with the positions of the
-- query's words, from 1. Runs as the engine, because row-level security keeps "@@" from the index. So it returns numbers,
-- never text, and only to search_words, which checks the owner again.
create function match_messages(
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
language plpgsql security definer set search_path from current set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_variable
declare
  -- Only the latest matches of a common word are ranked: 58,000 would take 80 ms more.
  most constant integer := 5000;
  wanted tsquery := to_tsquery('message_words', query);
  result json;
begin
  perform set_config('chatkeep.engine', 'on', true);
  with found as materialized (
    select w.conversation_id, w.seq, w.message_no, w.words
    from message_words w
    where w.owner_id = owner and w.words @@ wanted
      and (only_conversation is null or w.conversation_id = only_conversation)
      -- "offset 0" keeps this a lookup for each: a join would read all matches of a common word before ordering them.
      and exists (
        select from conversations c
        where c.owner_id = owner and c.id = w.conversation_id
          and c.deleted_at is null and c.expires_at is null and w.seq > c.cleared_seq and (only_scope is null or c.scope = only_scope)
        offset 0
      )
      and (w.role = only_role) is not false
      and (w.created_at >= since) is not false and (w.created_at < until) is not false
      -- Earlier releases stored neither here.
      and (w.role is not null or only_role is null and since is null and until is null or exists (
        select from messages m
        where m.owner_id = owner and m.conversation_id = w.conversation_id and m.seq = w.seq
          and (only_role is null or m.role = only_role)
          and (since is null or m.created_at >= since) and (until is null or m.created_at < until)
        offset 0
      ))
    order by w.message_no desc limit most
  ), best as (
    select f.conversation_id, f.seq, f.message_no, f.words, ts_rank(f.words, wanted, 1) as score
    from found f
    order by score desc, f.message_no desc offset page_offset limit page_limit
  )
  select coalesce(json_agg(json_build_object(
    'conversation', b.conversation_id, 'seq', b.seq, 'score', round(b.score::numeric, 5),
    'places', word_places(b.words, wanted)
  ) order by b.score desc, b.message_no desc), '[]') into result from best b;
  perform set_config('chatkeep.engine', 'off', true);
  return result;
end
$$;
