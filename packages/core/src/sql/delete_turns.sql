-- Deletes the turns of a conversation whose questions have these numbers, from one to another, with their events;
-- returns how many. One by one, by their keys: joined, a plan for any owner reads all events that this one has. The
-- caller has set the owner.
create function delete_turns(owner uuid, conversation text, from_seq bigint, to_seq bigint) returns integer
language plpgsql security definer set search_path from current as $$
declare
  t record;
  deleted integer := 0;
begin
  for t in
    select k.id, k.slot from turns k
    where k.owner_id = owner and k.conversation_id = conversation
      and k.question_seq >= from_seq and k.question_seq <= to_seq
  loop
    delete from turn_events e where e.owner_id = owner and e.turn_id = t.id and e.slot = t.slot;
    delete from turns k where k.owner_id = owner and k.id = t.id;
    deleted := deleted + 1;
  end loop;
  return deleted;
end
$$;
