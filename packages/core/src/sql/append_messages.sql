-- Appends messages in the given order, all or none (law 4: the numbers are given out under the
-- conversation's row lock, without a gap). An id that is there already stores nothing (law 3): the
-- stored message is returned, or 'idempotency_mismatch' raised if it says something else.
create function append_messages(
  owner uuid,
  conversation text,
  ids text[],
  roles text[],
  bodies json[],
  context_texts text[],
  intents text[],
  processed_flags boolean[],
  models text[],
  usages json[],
  metadatas json[],
  word_texts text[],
  new_title text,
  new_preview text
) returns table (message json)
language plpgsql security definer set search_path from current as $$
declare
  wanted integer := cardinality(ids);
  base bigint;
  cleared bigint;
  purged bigint;
  stored integer;
  mismatch text;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  update owners o set active_at = clock_timestamp()
  where o.id = owner and o.active_at < clock_timestamp() - interval '1 day';
  update conversations c set
    last_seq = c.last_seq + wanted,
    active_no = nextval('activity'),
    updated_at = clock_timestamp(),
    title = coalesce(c.title, new_title),
    title_source = coalesce(c.title_source, case when new_title is not null then 'question' end),
    -- A retry of an earlier message is not the latest one.
    preview = case when exists (
      select from messages old
      where old.owner_id = owner and old.conversation_id = conversation and old.id = ids[wanted]
        and old.seq > c.cleared_seq
    ) then c.preview else coalesce(new_preview, c.preview) end
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null
  returning c.last_seq - wanted, c.cleared_seq, c.purged_seq into base, cleared, purged;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  -- What a clear took away may still be on the disk; its ids are free.
  if purged < cleared then
    delete from messages old
    where old.owner_id = owner and old.conversation_id = conversation and old.id = any (ids) and old.seq <= cleared;
  end if;

  return query
  with given as (
    select g.*, base + row_number() over (order by g.place) as seq
    from unnest(
      ids, roles, bodies, context_texts, intents, processed_flags, models, usages, metadatas, word_texts
    ) with ordinality as g (id, role, body, context_text, intent, processed, model, usage, metadata, word_text, place)
    where not exists (
      select from messages old
      where old.owner_id = owner and old.conversation_id = conversation and old.id = g.id and old.seq > cleared
    )
  ), stored as (
    insert into messages as m (
      owner_id, conversation_id, seq, id, role, parts, context_text, intent, processed, model, usage, metadata
    )
    select
      owner, conversation, given.seq, given.id, given.role, given.body, given.context_text, given.intent,
      given.processed, given.model, given.usage, given.metadata
    from given
    returning to_json(m) as message
  ), indexed as (
    insert into message_words (owner_id, conversation_id, seq, size, words)
    select
      owner, conversation, given.seq, cardinality(string_to_array(given.word_text, ' ')),
      to_tsvector('message_words', given.word_text)
    from given where given.word_text <> ''
  )
  select stored.message from stored;
  get diagnostics stored = row_count;
  if stored = wanted then
    return;
  end if;

  -- Some were there already: give their numbers back.
  update conversations c set last_seq = base + stored where c.owner_id = owner and c.id = conversation;
  select given.id into mismatch
  from unnest(ids, roles, bodies, context_texts) as given (id, role, body, context_text)
  join messages old on old.owner_id = owner and old.conversation_id = conversation and old.id = given.id
    and old.seq > cleared
  where (old.role <> given.role or old.parts::text <> given.body::text
    or old.context_text is distinct from given.context_text)
  limit 1;
  if mismatch is not null then
    raise exception 'idempotency_mismatch' using errcode = 'CK000', detail = mismatch;
  end if;
  return query
  select to_json(old) from messages old
  where old.owner_id = owner and old.conversation_id = conversation and old.id = any (ids)
    and old.seq > cleared and old.seq <= base;
end
$$;
