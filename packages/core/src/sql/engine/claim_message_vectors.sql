-- Claims messages to embed, latest first, for the time of the lease. Returns keys, no text, and the milliseconds until the
-- next call: 0 at once, null when nothing is left or another model is in use. When nothing is due, it queues a page of
-- messages that are older than the model.
create function claim_message_vectors(number integer, lease interval, page_limit integer)
returns table (claimed json, wait_ms bigint)
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  -- A variable, because the volatile clock_timestamp() does not bound an index scan.
  moment timestamptz := clock_timestamp();
  m record;
  until timestamptz;
begin
  claimed := '[]';
  if to_regclass('message_vectors') is null then
    return next;
    return;
  end if;
  perform set_config('chatkeep.engine', 'on', true);
  with due as (
    select v.owner_id, v.conversation_id, v.seq from message_vectors v
    where v.due_at <= moment and number = (select k.number from vector_model k)
    order by v.due_at desc limit page_limit for update skip locked
  ), taken as (
    update message_vectors v set due_at = clock_timestamp() + lease from due d
    where v.owner_id = d.owner_id and v.conversation_id = d.conversation_id and v.seq = d.seq
    returning v.owner_id, v.conversation_id, v.seq
  )
  select coalesce(json_agg(t), '[]') into claimed from taken t;
  if json_array_length(claimed) > 0 then
    wait_ms := 0;
  else
    select * into m from vector_model k
    where k.number = number and k.noted_owner is not null for update skip locked;
    if found then
      with page as (
        select w.owner_id, w.conversation_id, w.seq from message_words w
        where (w.owner_id, w.conversation_id, w.seq) > (m.noted_owner, m.noted_conversation, m.noted_seq)
        order by w.owner_id, w.conversation_id, w.seq limit 500
      ), noted as (
        insert into message_vectors as v (owner_id, conversation_id, seq)
        select p.owner_id, p.conversation_id, p.seq from page p
        on conflict (owner_id, conversation_id, seq) do update set due_at = clock_timestamp()
        where v.model_number <> number
      ), last as (
        select * from page p order by p.owner_id desc, p.conversation_id desc, p.seq desc limit 1
      )
      update vector_model k set
        noted_owner = (select l.owner_id from last l),
        noted_conversation = (select l.conversation_id from last l),
        noted_seq = (select l.seq from last l);
      wait_ms := 0;
    else
      select min(v.due_at) into until from message_vectors v
      where v.due_at is not null and number = (select k.number from vector_model k);
      if until is not null then
        wait_ms := greatest(0, ceil(extract(epoch from until - clock_timestamp()) * 1000));
      end if;
    end if;
  end if;
  perform set_config('chatkeep.engine', 'off', true);
  return next;
end
$$;
