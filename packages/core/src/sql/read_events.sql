-- Returns the events of a turn after `after_seq`, in order, with the turn's status; `last_event` once it is settled,
-- `is_left` while no node runs it although one could (a question that waits has the status 'queued' or 'held'),
-- `attempt` counting from 1, and `is_ahead` if a failover lost the event `after_seq`, which a reader saw during the attempt `seen_attempt` (null: not known): the log does not hold it, or that attempt or
-- a later one ended before it, so that others were written under its number.
-- One plan for all calls, as in page_messages.
create function read_events(
  owner uuid,
  conversation text,
  turn_id uuid,
  after_seq integer,
  seen_attempt integer,
  page_limit integer
) returns table (status text, last_event integer, is_left boolean, attempt integer, is_ahead boolean, events json)
language plpgsql stable security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_variable
declare
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
  t turns;
  q queued_questions;
  cleared bigint;
begin
  t := select_turn(owner, conversation, turn_id);
  -- Settling a dead node's turn reads its events even if the conversation was deleted meanwhile.
  if t.status is distinct from 'running' then
    select c.cleared_seq into cleared from conversations c
    where c.owner_id = owner and c.id = conversation and c.deleted_at is null;
    if not found then
      perform refuse_conversation(owner, conversation);
    end if;
  end if;
  if t.id is null then
    select * into q from queued_questions k
    where k.owner_id = owner and k.conversation_id = conversation and k.turn_id = turn_id;
    if found then
      return query select
        case when q.is_held then 'held' else 'queued' end, null::integer,
        coalesce((next_in_queue(owner, conversation)).turn_id = turn_id, false), 1, false, '[]'::json;
      return;
    end if;
  end if;
  if t.id is null or t.question_seq <= cleared then
    raise exception 'turn_not_found' using errcode = 'CK000';
  end if;
  select coalesce(json_agg(json_build_object('seq', page.seq, 'chunk', page.chunk) order by page.seq), '[]')
  into events from (
    select e.seq, e.chunk from turn_events e
    where e.owner_id = owner and e.turn_id = t.id and e.partition = t.partition and e.seq > after_seq
    order by e.seq limit page_limit
  ) page;
  is_ahead := exists (
    select from jsonb_array_elements(t.attempts) with ordinality as a (ended, attempt)
    where a.attempt >= seen_attempt and (a.ended ->> 'last_event')::integer < after_seq
  ) or case
    when after_seq = 0 or json_array_length(events) > 0 then false
    when t.status <> 'running' then after_seq > t.last_event
    else not exists (
      select from turn_events e
      where e.owner_id = owner and e.turn_id = t.id and e.partition = t.partition and e.seq = after_seq
    )
  end;
  return query select t.status, t.last_event,
    t.status = 'running' and not exists (select from nodes n where n.id = t.node_id),
    coalesce(jsonb_array_length(t.attempts), 0) + 1, is_ahead, events;
end
$$;
