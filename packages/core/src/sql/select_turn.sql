-- A turn of a conversation, running or settled; null when there is none. First among those that run: one that is
-- settled meanwhile is then found among the settled. The caller has set the owner. Without whole scans: the plan of a
-- moment in which nothing runs would read all that run later.
create function select_turn(owner uuid, conversation text, turn_id uuid) returns turns
language plpgsql stable security definer set search_path from current set enable_seqscan = off as $$
#variable_conflict use_variable
declare
  t turns;
begin
  select * into t from running_turns r
  where r.owner_id = owner and r.conversation_id = conversation and r.id = turn_id;
  if not found then
    select * into t from turns k
    where k.owner_id = owner and k.id = turn_id and k.conversation_id = conversation;
  end if;
  return t;
end
$$;
