-- Indexes titles of conversations, unless they changed meanwhile. `word_texts` holds their words as `search/words.ts` cuts
-- them.
create function index_titles(owner uuid, ids text[], titles text[], word_texts text[]) returns void
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  -- In one order, so that two searches cannot deadlock.
  perform 1 from unnest(ids) given (id)
  cross join lateral (
    select from conversations c where c.owner_id = owner and c.id = given.id for no key update
  ) locked
  order by given.id;
  with current as materialized (
    select given.id, given.title, given.word_text
    from unnest(ids, titles, word_texts) given (id, title, word_text)
    cross join lateral (
      select from conversations c where c.owner_id = owner and c.id = given.id and c.title = given.title offset 0
    ) k
  ), indexed as (
    insert into title_words (owner_id, conversation_id, words)
    select owner, c.id, to_tsvector('message_words', c.word_text) from current c
    on conflict (owner_id, conversation_id) do update set words = excluded.words
  )
  -- A probe for each: a join may read all that are not indexed yet.
  delete from unindexed_titles u
  where u.owner_id = owner and u.conversation_id = any (array(select c.id from current c));
end
$$;
