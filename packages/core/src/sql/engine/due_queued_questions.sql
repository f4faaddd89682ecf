-- Returns at most `page_limit` turns of questions that can begin now: the node that should have begun them died, or did
-- not notice the end of the turn before.
create function due_queued_questions(page_limit integer) returns table (
  owner_id uuid,
  conversation_id text,
  turn_id uuid
)
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
begin
  perform set_config('chatkeep.engine', 'on', true);
  return query
  select q.owner_id, q.conversation_id, q.turn_id from (
    select distinct on (k.owner_id, k.conversation_id) k.* from queued_questions k where not k.is_held
    order by k.owner_id, k.conversation_id, not k.steers, k.place
  ) q
  cross join lateral (
    select c.running_turn, c.waiting_turn, c.deleted_at from conversations c
    where c.owner_id = q.owner_id and c.id = q.conversation_id
  ) c
  where c.running_turn is null and c.waiting_turn is null and c.deleted_at is null
  limit page_limit;
  perform set_config('chatkeep.engine', 'off', true);
end
$$;
