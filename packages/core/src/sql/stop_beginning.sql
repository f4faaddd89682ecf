-- Returns the running turn of a conversation, for the caller to stop. Without one, a turn whose question arrived before
-- this call is stopped as it begins, on any node.
create function stop_beginning(owner uuid, conversation text) returns uuid
language plpgsql security definer set search_path from current as $$
declare
  c conversations := lock_conversation(owner, conversation);
begin
  if c.running_turn is null then
    update conversations k set stop_asked_at = clock_timestamp() where k.owner_id = owner and k.id = conversation;
  end if;
  return c.running_turn;
end
$$;
