-- Running turns of a living node that it knows nothing of: it began them and never heard so, or could not
-- settle them. Nobody takes them over as long as it lives, so it has to settle them itself.
create function untracked_turns(node bigint, known uuid[]) returns table (
  owner_id uuid,
  conversation_id text,
  turn_id uuid
)
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
begin
  perform set_config('chatkeep.engine', 'on', true);
  return query
  select t.owner_id, t.conversation_id, t.id from running_turns t
  where t.node_id = node and t.id <> all (known);
  perform set_config('chatkeep.engine', 'off', true);
end
$$;
