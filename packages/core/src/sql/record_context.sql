-- Keeps what the responder of a turn was given; nothing when the turn is gone. Its commit is not waited for, so that
-- no commit of somebody's words waits for it: a database that crashes in this moment loses no message by it.
create function record_context(owner uuid, turn_id uuid, context json) returns void
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
begin
  perform set_config('chatkeep.owner', owner::text, true), set_config('synchronous_commit', 'off', true);
  insert into turn_contexts (owner_id, turn_id, context)
  select owner, turn_id, context from turns t where t.owner_id = owner and t.id = turn_id
  on conflict do nothing;
end
$$;
