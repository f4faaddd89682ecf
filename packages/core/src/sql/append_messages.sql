-- Appends messages after `parent` (see branch_off) in the given order, all or none. With `expected_head`, raises
-- 'conflict' when the head is another message. Numbers are given out under the conversation's row lock, without gaps.
-- An id that exists stores nothing: the stored message is returned, or 'idempotency_mismatch' is raised if its
-- content differs. `statuses`, `errors` and `created_ats` are those of messages that were written elsewhere; see
-- imported_no.
create function append_messages(
  owner uuid,
  conversation text,
  parent text,
  expected_head text,
  ids text[],
  roles text[],
  bodies json[],
  context_texts text[],
  intents text[],
  processed_flags boolean[],
  models text[],
  usages json[],
  metadatas json[],
  statuses text[],
  errors json[],
  created_ats timestamp with time zone[],
  word_texts text[],
  new_title text,
  new_preview text
) returns table (message json, parent_id text)
language plpgsql security definer set search_path from current as $$
declare
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
  wanted integer := cardinality(ids);
  base bigint;
  head bigint;
  forks integer;
  cleared bigint;
  purged bigint;
  moment timestamptz;
  waiting uuid;
  idle boolean;
  written_at timestamptz := created_ats[wanted];
  -- The given ids that already exist, and the messages that were added.
  known text[] := '{}';
  added json[];
  added_ids text[];
  mismatch text;
begin
  select c.last_seq, c.head_seq, c.fork_count, c.cleared_seq, c.purged_seq, c.waiting_turn, o.active_at < clock_timestamp() - interval '1 day'
  into base, head, forks, cleared, purged, waiting, idle
  from conversations c join owners o on o.id = c.owner_id
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null for no key update of c;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  if idle then
    update owners o set active_at = clock_timestamp() where o.id = owner;
  end if;
  -- Cleared messages may still be on the disk; their ids are free.
  if purged < cleared then
    delete from messages old
    where old.owner_id = owner and old.conversation_id = conversation and old.id = any (ids) and old.seq <= cleared;
  end if;

  moment := clock_timestamp();
  loop
    with stored as (
      insert into messages as m (
        owner_id, conversation_id, seq, id, role, parts, context_text, intent, processed, model, usage, metadata,
        status, error, created_at, updated_at
      )
      select
        owner, conversation, base + row_number() over (order by g.place), g.id, g.role, g.body, g.context_text,
        g.intent, g.processed, g.model, g.usage, g.metadata, coalesce(g.status, 'complete'), g.error,
        coalesce(g.created_at, moment), coalesce(g.created_at, moment)
      from unnest(
        ids, roles, bodies, context_texts, intents, processed_flags, models, usages, metadatas, statuses, errors,
        created_ats
      ) with ordinality as g (
        id, role, body, context_text, intent, processed, model, usage, metadata, status, error, created_at, place
      )
      where g.id <> all (known)
      -- The conflict finds existing ids. A join before the insert would scan the conversation until the table is
      -- analyzed (10 ms at 10,000 messages), and would be planned again at every call after that (0.2 of 0.5 ms).
      on conflict (owner_id, conversation_id, id) do nothing
      returning to_json(m) as message, m.id
    )
    select coalesce(array_agg(stored.message), '{}'), array_agg(stored.id) into added, added_ids from stored;
    exit when cardinality(added) + cardinality(known) = wanted;
    -- Some ids exist: insert again without them, so that the numbers have no gap.
    delete from messages m where m.owner_id = owner and m.conversation_id = conversation and m.seq > base;
    select coalesce(array_agg(old.id), '{}') into known
    from unnest(ids) as given (id) cross join lateral (
      select m.id from messages m
      where m.owner_id = owner and m.conversation_id = conversation and m.id = given.id
      offset 0
    ) old;
  end loop;

  if cardinality(added) > 0 then
    if expected_head is not null and not exists (
      select from messages m
      where m.owner_id = owner and m.conversation_id = conversation and m.seq = case when head is null then base else head end and m.seq > cleared
        and m.id = expected_head
    ) then
      raise exception 'conflict' using errcode = 'CK000',
        detail = 'The conversation has gone on since. Read its messages again.';
    end if;
    if parent is not null or head is not null then
      perform branch_off(owner, conversation, parent);
    end if;
    insert into message_words (owner_id, conversation_id, seq, size, words, role, created_at)
    select
      owner, conversation, given.seq, cardinality(string_to_array(given.word_text, ' ')),
      to_tsvector('message_words', given.word_text), given.role, coalesce(given.created_at, moment)
    from (
      select base + row_number() over (order by g.place) as seq, g.word_text, g.role, g.created_at
      from unnest(ids, word_texts, roles, created_ats) with ordinality as g (id, word_text, role, created_at, place)
      where g.id <> all (known)
    ) given
    where given.word_text <> '';
    -- Results of tools may leave other calls open.
    if waiting is not null and exists (select from unnest(roles) r (role) where r.role <> 'tool') then
      perform end_waiting(owner, waiting);
      waiting := null;
    end if;
    update conversations c set
      waiting_turn = waiting,
      last_seq = base + cardinality(added),
      head_seq = null,
      active_no = case
        when written_at is null or c.active_no > 0 then next_active_no(owner, c.active_no) else imported_no(written_at)
      end,
      updated_at = case when written_at is null or c.active_no > 0 then clock_timestamp() else written_at end,
      -- A title that came from the first question follows a new beginning.
      title = case when parent = '' and c.title_source = 'question' then coalesce(new_title, c.title) else coalesce(c.title, new_title) end,
      title_source = coalesce(c.title_source, case when new_title is not null then 'question' end),
      -- A retry of an earlier message does not change the preview.
      preview = case when ids[wanted] = any (known) then c.preview else coalesce(new_preview, c.preview) end
    where c.owner_id = owner and c.id = conversation
    returning c.fork_count into forks;
    -- Behind the last number there are no other versions.
    if forks > 0 and (parent is not null or head is not null) then
      added[1] := placed_message(owner, conversation, base + 1);
    else
      select m.id into append_messages.parent_id from messages m
      where m.owner_id = owner and m.conversation_id = conversation and m.seq > cleared and m.seq <= base
      order by m.seq desc limit 1;
    end if;
  end if;
  -- Not what was used elsewhere. Usages are rare, and looking at each message would take longer than looking for any.
  if cardinality(added) > 0 and array_to_string(usages, '') <> '' then
    perform count_usage(owner, g.model, g.usage)
    from unnest(ids, roles, models, usages, created_ats) as g (id, role, model, usage, created_at)
    where g.role = 'assistant' and g.usage is not null and g.created_at is null and g.id <> all (known);
  end if;
  for place in 1 .. cardinality(added) loop
    message := added[place];
    return next;
    parent_id := added_ids[place];
  end loop;
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
  select placed_message(owner, conversation, old.seq), null from messages old
  where old.owner_id = owner and old.conversation_id = conversation and old.id = any (known);
end
$$;
