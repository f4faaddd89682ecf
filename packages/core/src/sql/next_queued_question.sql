-- Returns the question of a conversation that can begin now; see next_in_queue.
create function next_queued_question(owner uuid, conversation text) returns json
language plpgsql stable security definer set search_path from current as $$
declare
  q queued_questions;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  q := next_in_queue(owner, conversation);
  return case when q.turn_id is not null then to_json(q) end;
end
$$;
