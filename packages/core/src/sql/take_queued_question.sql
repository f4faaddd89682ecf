-- Deletes the question of a turn that begins from its conversation's queue. Raises 'turn_in_progress' with the turn of a
-- question that comes first. With `is_waiting` none comes first, because the last answer waits for a person and the queue
-- with it. A question that waits begins under its own turn only. The conversation's row must be locked.
create function take_queued_question(owner uuid, conversation text, turn_id uuid, message_id text, is_waiting boolean)
returns void
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
#variable_conflict use_variable
declare
  q queued_questions;
begin
  for q in
    select k.* from queued_questions k
    where k.owner_id = owner and k.conversation_id = conversation order by not k.steers, k.place
  loop
    if q.turn_id = turn_id then
      delete from queued_questions k
      where k.owner_id = owner and k.conversation_id = conversation and k.place = q.place;
      return;
    elsif q.message_id = message_id or not (q.is_held or is_waiting) then
      raise exception 'turn_in_progress' using errcode = 'CK000', detail = q.turn_id::text;
    end if;
  end loop;
end
$$;
