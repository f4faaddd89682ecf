-- Returns the current owner of a node's running turn: a claim may have moved it.
create function find_turn(node bigint, turn_id uuid) returns table (owner_id uuid, conversation_id text)
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
begin
  perform set_config('chatkeep.engine', 'on', true);
  return query
  select t.owner_id, t.conversation_id from running_turns t
  where t.node_id = node and t.id = find_turn.turn_id;
  perform set_config('chatkeep.engine', 'off', true);
end
$$;
