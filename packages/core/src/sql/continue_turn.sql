-- Takes over a running turn whose node died or handed it over, after its event `last_event`, and returns what begin_turn
-- returns. `usage` is that of all attempts so far. Nothing is returned when the turn is settled, taken, or not to be
-- continued; when the log goes further than `last_event`; or when it ended its last two attempts without an event and
-- `is_occupied`: the caller runs another such turn. `outcome` is 'continued'; or 'stopped' or 'given up', for
-- the caller to settle. Given up is a turn of which three attempts in a row ended without an event, as one that kills its
-- node each time, or that lost its tenth node: so that nobody pays for it for ever.
create function continue_turn(
  owner uuid,
  conversation text,
  turn_id uuid,
  node bigint,
  lease interval,
  last_event integer,
  usage json,
  is_occupied boolean,
  context_limit integer
) returns table (
  outcome text,
  is_suspect boolean,
  attempt integer,
  asker json,
  turn json,
  conversation_row json,
  question json,
  history json,
  summary json
)
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
#variable_conflict use_variable
declare
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
  r running_turns;
  t turns;
  c conversations;
  leaf bigint;
  before jsonb;
  idle integer;
  deaths integer;
begin
  select * into c from conversations k where k.owner_id = owner and k.id = conversation for no key update;
  select * into r from running_turns k
  where k.owner_id = owner and k.conversation_id = conversation and k.id = turn_id;
  -- As in hold_node: nobody is fenced meanwhile.
  perform pg_advisory_xact_lock_shared('nodes'::regclass::oid::integer, r.node_id::integer);
  if r.asker is null or exists (select from nodes n where n.id = r.node_id) or last_event is distinct from (
    select max(e.seq) from turn_events e
    where e.owner_id = owner and e.turn_id = turn_id and e.partition = r.partition
  ) then
    return;
  end if;
  before := r.attempts -> -1;
  is_suspect := coalesce((before ->> 'idle')::integer, 0) > 0;
  if is_suspect and is_occupied then
    return;
  end if;
  idle := case
    when last_event > coalesce((before ->> 'last_event')::integer, 1) then 0
    else coalesce((before ->> 'idle')::integer, 0) + 1 end;
  deaths := coalesce((before ->> 'deaths')::integer, 0) + (r.node_id <> 0)::integer;
  attempt := coalesce(jsonb_array_length(r.attempts), 0) + 2;
  outcome := case
    when r.stop_requested_at is not null then 'stopped'
    when idle = 3 or deaths = 10 then 'given up'
    else 'continued' end;
  if outcome = 'continued' then
    -- A node that was taken for dead continues nothing.
    perform hold_node(node, lease);
    update running_turns k set
      node_id = node,
      left_at = null,
      attempts = coalesce(k.attempts, '[]') || jsonb_build_object(
        'ended', case when k.node_id = 0 then 'handed over' else 'died' end, 'ended_at', k.left_at,
        'last_event', last_event, 'usage', usage, 'idle', idle, 'deaths', deaths
      )
    where k.owner_id = owner and k.conversation_id = conversation and k.id = turn_id;
    select * into t from running_turns k
    where k.owner_id = owner and k.conversation_id = conversation and k.id = turn_id;
    leaf := case when c.fork_count > 0 then t.question_seq end;
    asker := r.asker;
    turn := to_json(t);
    conversation_row := to_json(c);
    question := placed_message(owner, conversation, t.question_seq);
    history := context_messages(owner, conversation, leaf, c.cleared_seq, t.question_seq, context_limit);
    summary := latest_summary(owner, conversation, leaf, c.cleared_seq);
  end if;
  return next;
end
$$;
