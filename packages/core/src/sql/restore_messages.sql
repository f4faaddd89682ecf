-- Restores deleted messages to their places, all or none. Refuses one whose id another message has by now. A head
-- that was among them becomes the head again unless the head has moved since; then the head becomes the latest leaf
-- below.
create function restore_messages(owner uuid, conversation text, ids text[])
returns table (restored bigint, head_seq bigint)
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  c conversations;
  head bigint;
  back bigint[];
  moved_from bigint;
begin
  c := lock_conversation(owner, conversation);
  head := coalesce(c.head_seq, c.last_seq);
  select array_agg(latest.seq), count(*) into back, restored from (
    select max(d.seq) as seq from deleted_messages d
    where d.owner_id = owner and d.conversation_id = conversation and d.id = any (ids) and d.seq > c.cleared_seq
    group by d.id
  ) latest;
  if restored < cardinality(ids) then
    raise exception 'message_not_found' using errcode = 'CK000';
  elsif exists (
    select from messages m where m.owner_id = owner and m.conversation_id = conversation and m.id = any (ids)
  ) then
    raise exception 'conflict' using errcode = 'CK000', detail = 'Another message has this id by now.';
  end if;
  -- Its current owner: a claim may have moved it.
  insert into messages (
    owner_id, conversation_id, seq, id, turn_id, role, status, parts_version, parts, context_text, intent, processed,
    model, usage, error, metadata, feedback, created_at, updated_at
  )
  select
    owner, conversation, r.seq, r.id, r.turn_id, r.role, r.status, r.parts_version, r.parts, r.context_text, r.intent,
    r.processed, r.model, r.usage, r.error, r.metadata, r.feedback, r.created_at, r.updated_at
  from deleted_messages d cross join lateral json_populate_record(null::messages, d.message) r
  where d.owner_id = owner and d.conversation_id = conversation and d.seq = any (back);
  insert into message_words (owner_id, conversation_id, seq, message_no, size, words, role, created_at)
  select owner, conversation, d.seq, d.message_no, d.size, d.words, r.role, r.created_at
  from deleted_messages d cross join lateral json_populate_record(null::messages, d.message) r
  where d.owner_id = owner and d.conversation_id = conversation and d.seq = any (back) and d.words is not null;
  delete from summaries s
  where s.owner_id = owner and s.conversation_id = conversation
    and exists (select from unnest(back) b (seq) where b.seq between s.from_seq and s.to_seq);
  -- Several may have been the head, one after another.
  loop
    select d.seq into moved_from from deleted_messages d
    where d.owner_id = owner and d.conversation_id = conversation and d.seq = any (back) and d.moved_to = head
    order by d.deleted_at desc limit 1;
    exit when not found;
    head := moved_from;
    head_seq := head;
    update deleted_messages d set moved_to = null
    where d.owner_id = owner and d.conversation_id = conversation and d.seq = head;
  end loop;
  delete from deleted_messages d
  where d.owner_id = owner and d.conversation_id = conversation and d.seq = any (back);
  -- Restored messages below the head move the head to the latest leaf.
  head := latest_leaf(owner, conversation, head);
  head_seq := head;
  perform count_branch(owner, conversation, head, -restored);
  return next;
end
$$;
