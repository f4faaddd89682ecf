-- Moves all conversations of a session to a user, in one transaction, with all that they hold and the
-- turns that run in them. Idempotent: what is moved is the session's no more, so a second claim, by
-- whomever, finds nothing. Where the user has a default of the same scope, the session's stays beside it.
create function claim_session(owner uuid, session uuid, actor text) returns bigint
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
declare
  claimed bigint;
  claimed_archived bigint;
  bytes bigint;
begin
  perform set_config('chatkeep.engine', 'on', true);
  insert into owners (id, kind) values (owner, 'user') on conflict do nothing;
  -- Both at once and in one order, so that two claims cannot deadlock.
  perform 1 from owners o where o.id in (owner, session) order by o.id for update;
  perform 1 from conversations c where c.owner_id = session order by c.id for update;
  update conversations c set
    owner_id = owner,
    -- The user has a conversation with this id too. Only ids that clients chose can collide.
    id = case
      when exists (select from conversations k where k.owner_id = owner and k.id = c.id) then gen_random_uuid()::text
      else c.id
    end,
    is_default = c.is_default and not exists (
      select from conversations k
      where k.owner_id = owner and k.scope = c.scope and k.is_default and k.deleted_at is null
    )
  where c.owner_id = session;
  -- Last, once the nodes' flushes under way are over, which wrote for the session; those to come find the user's turns.
  perform pg_advisory_xact_lock('nodes'::regclass::oid::integer, n.id::integer)
  from (select distinct t.node_id as id from running_turns t where t.owner_id = owner order by 1) n;
  update turn_events e set owner_id = owner where e.owner_id = session;
  -- An upload under way is still the session's.
  with moved as (
    update files f set owner_id = owner where f.owner_id = session and f.sha256 is not null returning f.size
  )
  select coalesce(sum(m.size), 0) into bytes from moved m;
  with moved as (delete from usage_days d where d.owner_id = session returning d.*)
  insert into usage_days as d
  select owner, m.day, m.model, m.slot, m.answers, m.input_tokens, m.cached_tokens, m.output_tokens,
    m.reasoning_tokens, m.total_tokens, m.cost
  from moved m
  on conflict (owner_id, day, model, slot) do update set
    answers = d.answers + excluded.answers,
    input_tokens = d.input_tokens + excluded.input_tokens,
    cached_tokens = d.cached_tokens + excluded.cached_tokens,
    output_tokens = d.output_tokens + excluded.output_tokens,
    reasoning_tokens = d.reasoning_tokens + excluded.reasoning_tokens,
    total_tokens = d.total_tokens + excluded.total_tokens,
    cost = d.cost + excluded.cost;
  select o.conversation_count, o.archived_count into claimed, claimed_archived from owners o where o.id = session;
  if found then
    update owners o set
      conversation_count = o.conversation_count + claimed,
      archived_count = o.archived_count + claimed_archived,
      file_bytes = o.file_bytes + bytes
    where o.id = owner;
    update owners o set conversation_count = 0, archived_count = 0, file_bytes = o.file_bytes - bytes where o.id = session;
  end if;
  claimed := coalesce(claimed + claimed_archived, 0);
  if claimed > 0 then
    perform record_audit(owner, actor, 'claim', json_build_object('session', session, 'conversations', claimed));
  end if;
  perform set_config('chatkeep.engine', 'off', true);
  return claimed;
end
$$;
