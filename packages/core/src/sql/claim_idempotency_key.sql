-- Finds the idempotency key of a request that came without one. A retry (attempt 1 or later) gets the key that an
-- earlier request with this digest got within `memory`. So does a first attempt that arrived `waited` ago and was
-- overtaken by its retry. Any other request gets `id`: sending a body again on purpose is a new request.
create function claim_idempotency_key(
  owner uuid,
  owner_kind text,
  digest text,
  id uuid,
  attempt integer,
  waited interval,
  memory interval
) returns uuid
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  claimed uuid;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  insert into owners (id, kind) values (owner, owner_kind) on conflict do nothing;
  insert into idempotency_keys as k (owner_id, digest, id, is_ahead, sent_at)
  values (owner, decode(digest, 'hex'), id, attempt > 0, clock_timestamp())
  on conflict on constraint idempotency_keys_pkey do update set
    id = case
      -- now() is the time of the call: a first attempt may wait here for the retry that overtook it.
      when k.sent_at > case
        when attempt > 0 then clock_timestamp() - memory
        when k.is_ahead then now() - waited
        else 'infinity' end
      then k.id
      else excluded.id end,
    is_ahead = excluded.is_ahead and k.is_ahead,
    sent_at = excluded.sent_at
  returning k.id into claimed;
  return claimed;
end
$$;
