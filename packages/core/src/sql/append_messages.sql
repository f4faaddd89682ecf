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
  -- The given ids that are there already, and the messages that were not.
  known text[] := '{}';
  added json[];
  mismatch text;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  update owners o set active_at = clock_timestamp()
  where o.id = owner and o.active_at < clock_timestamp() - interval '1 day';
  select c.last_seq, c.cleared_seq, c.purged_seq into base, cleared, purged from conversations c
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null for no key update;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  -- What a clear took away may still be on the disk; its ids are free.
  if purged < cleared then
    delete from messages old
    where old.owner_id = owner and old.conversation_id = conversation and old.id = any (ids) and old.seq <= cleared;
  end if;

  loop
    with given as (
      select g.*, base + row_number() over (order by g.place) as seq
      from unnest(
        ids, roles, bodies, context_texts, intents, processed_flags, models, usages, metadatas, word_texts
      ) with ordinality as g (id, role, body, context_text, intent, processed, model, usage, metadata, word_text, place)
      where g.id <> all (known)
    ), stored as (
      insert into messages as m (
        owner_id, conversation_id, seq, id, role, parts, context_text, intent, processed, model, usage, metadata
      )
      select
        owner, conversation, given.seq, given.id, given.role, given.body, given.context_text, given.intent,
        given.processed, given.model, given.usage, given.metadata
      from given
      -- Found by the conflict, not by a look beforehand: that would be a join, which the planner takes for a scan
      -- of the conversation as long as the table was never analyzed (10 ms at 10,000 messages), and plans anew at
      -- every call after that (0.2 of 0.5 ms).
      on conflict (owner_id, conversation_id, id) do nothing
      returning m.seq, to_json(m) as message
    ), indexed as (
      insert into message_words (owner_id, conversation_id, seq, size, words)
      select
        owner, conversation, given.seq, cardinality(string_to_array(given.word_text, ' ')),
        to_tsvector('message_words', given.word_text)
      from given join stored on stored.seq = given.seq
      where given.word_text <> ''
    )
    select coalesce(array_agg(stored.message), '{}') into added from stored;
    exit when cardinality(added) + cardinality(known) = wanted;
    -- Some were there already: once more without them, so that the numbers have no gap.
    delete from messages m where m.owner_id = owner and m.conversation_id = conversation and m.seq > base;
    select coalesce(array_agg(old.id), '{}') into known from messages old
    where old.owner_id = owner and old.conversation_id = conversation and old.id = any (ids);
  end loop;

  if cardinality(added) > 0 then
    update conversations c set
      last_seq = base + cardinality(added),
      active_no = nextval('activity'),
      updated_at = clock_timestamp(),
      title = coalesce(c.title, new_title),
      title_source = coalesce(c.title_source, case when new_title is not null then 'question' end),
      -- A retry of an earlier message is not the latest one.
      preview = case when ids[wanted] = any (known) then c.preview else coalesce(new_preview, c.preview) end
    where c.owner_id = owner and c.id = conversation;
  end if;
  return query select unnest(added);
  if cardinality(known) = 0 then
    return;
  end if;

  select given.id into mismatch
  from unnest(ids, roles, bodies, context_texts) as given (id, role, body, context_text)
  join messages old on old.owner_id = owner and old.conversation_id = conversation and old.id = given.id
  where given.id = any (known) and (
    old.role <> given.role or old.parts::text <> given.body::text
    or old.context_text is distinct from given.context_text
  )
  limit 1;
  if mismatch is not null then
    raise exception 'idempotency_mismatch' using errcode = 'CK000', detail = mismatch;
  end if;
  return query
  select to_json(old) from messages old
  where old.owner_id = owner and old.conversation_id = conversation and old.id = any (known);
end
$$;
