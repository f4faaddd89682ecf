-- Deletes messages, all or none: those with the given ids, or the one with the id `from_id` and everything that
-- follows it in any version. Other messages keep their numbers; a message that followed a deleted one follows the one
-- before it. Refuses a question that is being answered, and its answer. When the head is deleted, it becomes the
-- latest leaf below the nearest remaining message before it; `head_seq` is returned if the head has moved. The
-- messages can be restored within the undo time.
create function delete_messages(owner uuid, conversation text, ids text[], from_id text)
returns table (deleted bigint, head_seq bigint)
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  c conversations;
  head bigint;
  gone bigint[];
  wanted bigint;
begin
  c := lock_conversation(owner, conversation);
  head := coalesce(c.head_seq, c.last_seq);
  select array_agg(m.seq), count(*) into gone, deleted from messages m
  where m.owner_id = owner and m.conversation_id = conversation and m.seq > c.cleared_seq
    and m.id = any (case when from_id is null then ids else array[from_id] end);
  wanted := case when from_id is null then cardinality(ids) else 1 end;
  if deleted < wanted then
    raise exception 'message_not_found' using errcode = 'CK000';
  end if;
  if from_id is not null then
    select array_agg(m.seq), count(*) into gone, deleted
    from descendants_of(owner, conversation, gone[1]) d
    cross join lateral (
      select k.seq from messages k
      where k.owner_id = owner and k.conversation_id = conversation and k.seq >= d.first_seq and k.seq <= d.last_seq
    ) m;
  end if;
  if c.running_turn is not null and exists (
    select from running_turns t where t.owner_id = owner and t.conversation_id = conversation
      and (t.question_seq = any (gone) or t.question_seq + t.reply_gap = any (gone))
  ) then
    raise exception 'turn_in_progress' using errcode = 'CK000', detail = c.running_turn::text;
  end if;
  if c.waiting_turn is not null and exists (
    select from turns t where t.owner_id = owner and t.id = c.waiting_turn
      and (t.question_seq = any (gone) or t.question_seq + t.reply_gap = any (gone))
  ) then
    perform end_waiting(owner, c.waiting_turn);
    update conversations k set waiting_turn = null where k.owner_id = owner and k.id = conversation;
  end if;

  insert into deleted_messages (owner_id, conversation_id, seq, deleted_at, id, message, size, words, message_no)
  select owner, conversation, m.seq, clock_timestamp(), m.id, to_json(m), w.size, w.words, w.message_no
  from unnest(gone) g (seq)
  cross join lateral (
    select k.* from messages k
    where k.owner_id = owner and k.conversation_id = conversation and k.seq = g.seq offset 0
  ) m
  left join lateral (
    select k.size, k.words, k.message_no from message_words k
    where k.owner_id = owner and k.conversation_id = conversation and k.seq = g.seq offset 0
  ) w on true;
  delete from messages m where m.owner_id = owner and m.conversation_id = conversation and m.seq = any (gone);
  delete from summaries s
  where s.owner_id = owner and s.conversation_id = conversation
    and exists (select from unnest(gone) g (seq) where g.seq between s.from_seq and s.to_seq);
  if head = any (gone) then
    head_seq := latest_leaf(
      owner, conversation, coalesce((select p.parent_seq from parent_of(owner, conversation, head) p), 0)
    );
    update deleted_messages d set moved_to = head_seq
    where d.owner_id = owner and d.conversation_id = conversation and d.seq = head;
    head := head_seq;
  end if;
  perform count_branch(owner, conversation, head, deleted);
  return next;
end
$$;
