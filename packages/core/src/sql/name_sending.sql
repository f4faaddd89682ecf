-- Names a request that has no id of its own (law 3). A retry (attempt 1 and more) takes the name that an
-- earlier sending of the same digest got within `memory`; so does a first sending that came `waited` ago, when
-- its retry passed it meanwhile. Any other takes `id`: the same words said again are said again.
create function name_sending(
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
  named uuid;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  insert into owners (id, kind) values (owner, owner_kind) on conflict do nothing;
  insert into sendings as s (owner_id, digest, id, is_ahead, sent_at)
  values (owner, decode(digest, 'hex'), id, attempt > 0, clock_timestamp())
  on conflict on constraint sendings_pkey do update set
    id = case
      -- From now(), when the call came in: a first sending may wait here for the retry that passed it.
      when s.sent_at > case
        when attempt > 0 then clock_timestamp() - memory
        when s.is_ahead then now() - waited
        else 'infinity' end
      then s.id
      else excluded.id end,
    is_ahead = excluded.is_ahead and s.is_ahead,
    sent_at = excluded.sent_at
  returning s.id into named;
  return named;
end
$$;
