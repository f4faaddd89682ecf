-- Returns a conversation with messages that are not indexed; no row when there is none. A random one, so that several
-- nodes seldom take the same.
create function next_backfill() returns table (owner_id uuid, conversation_id text)
language plpgsql security definer set search_path from current as $$
begin
  perform set_config('chatkeep.engine', 'on', true);
  return query
  select u.owner_id, u.conversation_id from (select * from unindexed_conversations limit 100) u order by random() limit 1;
  perform set_config('chatkeep.engine', 'off', true);
end
$$;
