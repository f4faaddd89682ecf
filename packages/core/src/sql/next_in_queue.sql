-- Returns the question of a conversation that can begin now; null while a turn runs or waits for a person. The caller has
-- set the owner.
create function next_in_queue(owner uuid, conversation text) returns queued_questions
language plpgsql stable security definer set search_path from current set enable_seqscan = off as $$
#variable_conflict use_variable
declare
  q queued_questions;
begin
  select k.* into q from conversations c join queued_questions k on k.owner_id = owner and k.conversation_id = conversation
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null
    and c.running_turn is null and c.waiting_turn is null and not k.is_held
  order by not k.steers, k.place limit 1;
  return q;
end
$$;
