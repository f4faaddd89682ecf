-- Creates the conversation `new_id` as a copy of a message and everything that leads to it, and returns the bytes of
-- its messages as stored. The copy does not refer to the original. Refuses a branch whose answer is still running.
create function fork_conversation(
  owner uuid,
  conversation text,
  message_id text,
  new_id text,
  new_title text,
  most bigint
) returns bigint
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  c conversations;
  leaf bigint;
  n bigint;
  bytes bigint;
  too_many boolean;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select * into c from conversations k
  where k.owner_id = owner and k.id = conversation and k.deleted_at is null for key share;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  select m.seq into leaf from messages m
  where m.owner_id = owner and m.conversation_id = conversation and m.id = message_id and m.seq > c.cleared_seq;
  if not found then
    raise exception 'message_not_found' using errcode = 'CK000';
  elsif c.running_turn is not null and exists (
    select from running_turns t join branch_of(owner, conversation, leaf, c.cleared_seq, leaf + 1, leaf) b
      on t.question_seq + t.reply_gap between b.first_seq and b.last_seq
    where t.owner_id = owner and t.conversation_id = conversation
  ) then
    raise exception 'turn_in_progress' using errcode = 'CK000', detail = c.running_turn::text;
  end if;
  insert into conversations (owner_id, id, scope, scope_label, title, title_source, preview, metadata, tags)
  values (
    owner, new_id, c.scope, c.scope_label, coalesce(new_title, c.title),
    case when new_title is null then c.title_source else 'person' end, c.preview, c.metadata, c.tags
  )
  on conflict do nothing;
  if not found then
    raise exception 'conflict' using errcode = 'CK000', detail = 'A conversation with this id exists. Use another id.';
  end if;
  -- One statement, so that one state is copied: the lock does not keep messages from being deleted meanwhile.
  with original as materialized (
    select m.*, row_number() over (order by m.seq) as place
    from branch_of(owner, conversation, leaf, c.cleared_seq, leaf + 1, leaf) b
    cross join lateral (
      select k.* from messages k
      where k.owner_id = owner and k.conversation_id = conversation and k.seq >= b.first_seq and k.seq <= b.last_seq
        and k.seq > c.cleared_seq
      -- One key range for each segment; a join would read the whole conversation.
      offset 0
    ) m
  ), copied as (
    insert into messages (
      owner_id, conversation_id, seq, id, role, status, parts_version, parts, context_text, intent, processed, model, usage,
      error, metadata, created_at, updated_at
    )
    select
      owner, new_id, m.place, m.id, m.role, m.status, m.parts_version, m.parts, m.context_text, m.intent, m.processed,
      m.model, m.usage, m.error, m.metadata, m.created_at, m.updated_at
    from original m
    returning pg_column_size(parts) as size
  ), indexed as (
    insert into message_words (owner_id, conversation_id, seq, size, words, role, created_at)
    select owner, new_id, m.place, w.size, w.words, m.role, m.created_at
    from original m
    cross join lateral (
      select k.size, k.words from message_words k
      where k.owner_id = owner and k.conversation_id = conversation and k.seq = m.seq offset 0
    ) w
    order by m.place
  ), used as (
    insert into file_uses (owner_id, conversation_id, message_id, file_id)
    select owner, new_id, u.message_id, u.file_id
    from original m
    cross join lateral (
      select k.message_id, k.file_id from file_uses k
      where k.owner_id = owner and k.conversation_id = conversation and k.message_id = m.id offset 0
    ) u
  )
  select count(*), sum(copied.size) into n, bytes from copied;
  update conversations k set last_seq = n where k.owner_id = owner and k.id = new_id;
  -- Last, so that a long copy does not hold up the owner's other conversations.
  update owners o set conversation_count = o.conversation_count + 1 where o.id = owner
  returning o.conversation_count + o.archived_count > most into too_many;
  if too_many then
    raise exception 'conflict' using errcode = 'CK000', detail = format(
      'There are %s conversations already, and no more are kept for one person. Delete one first.', most
    );
  end if;
  return bytes;
end
$$;
