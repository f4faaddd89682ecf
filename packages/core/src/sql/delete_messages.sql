-- Deletes messages by their ids, all or none, and gives the others' numbers to nobody (law 4). With a
-- question its turn goes too; what a turn is still answering is refused. `earlier_preview` is the preview
-- that the conversation has when its latest message is the one with the id `earlier_id`.
create function delete_messages(
  owner uuid,
  conversation text,
  ids text[],
  earlier_id text,
  earlier_preview text
) returns bigint
language plpgsql security definer set search_path from current as $$
declare
  c conversations;
  gone messages[];
  latest messages;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select * into c from conversations k
  where k.owner_id = owner and k.id = conversation and k.deleted_at is null for no key update;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  select array_agg(m) into gone from messages m
  where m.owner_id = owner and m.conversation_id = conversation and m.id = any (ids) and m.seq > c.cleared_seq;
  if coalesce(cardinality(gone), 0) < cardinality(ids) then
    raise exception 'message_not_found' using errcode = 'CK000';
  end if;
  if c.running_turn is not null and exists (select from unnest(gone) g where g.turn_id = c.running_turn) then
    raise exception 'turn_in_progress' using errcode = 'CK000', detail = c.running_turn::text;
  end if;

  delete from messages m where m.owner_id = owner and m.conversation_id = conversation and m.id = any (ids);
  delete from summaries s using unnest(gone) g
  where s.owner_id = owner and s.conversation_id = conversation and g.seq between s.from_seq and s.to_seq;
  delete from turn_events e using turns t, unnest(gone) g
  where t.owner_id = owner and t.conversation_id = conversation and t.question_seq = g.seq
    and e.owner_id = owner and e.turn_id = t.id and e.slot = t.slot;
  delete from turns t using unnest(gone) g
  where t.owner_id = owner and t.conversation_id = conversation and t.question_seq = g.seq;
  select * into latest from messages m
  where m.owner_id = owner and m.conversation_id = conversation and m.seq > c.cleared_seq
  order by m.seq desc limit 1;
  update conversations k set
    deleted_count = k.deleted_count + cardinality(gone),
    updated_at = clock_timestamp(),
    preview = case
      when latest.seq > (select max(g.seq) from unnest(gone) g) then k.preview
      when latest.id = earlier_id then earlier_preview
    end,
    -- The title was made from a question that is gone, if it was the first.
    title = case when k.title_source = 'question' and first.is_gone then null else k.title end,
    title_source = case when k.title_source = 'question' and first.is_gone then null else k.title_source end
  from (
    select exists (select from unnest(gone) g where g.role = 'user') and not exists (
      select from messages m
      where m.owner_id = owner and m.conversation_id = conversation and m.role = 'user' and m.seq > c.cleared_seq
        and m.seq < (select min(g.seq) from unnest(gone) g where g.role = 'user')
    ) as is_gone
  ) first
  where k.owner_id = owner and k.id = conversation;
  return cardinality(gone);
end
$$;
