-- Deletes the turns, with their events, whose questions have the numbers from `from_seq` to `to_seq`, and returns how
-- many. Deletes one by one by key: a join is planned to read all events of the owner. The caller has set the owner.
create function delete_turns(owner uuid, conversation text, from_seq bigint, to_seq bigint) returns integer
language plpgsql security definer set search_path from current as $$
declare
  t record;
  deleted integer := 0;
begin
  for t in
    select k.id, k.partition from turns k
    where k.owner_id = owner and k.conversation_id = conversation
      and k.question_seq >= from_seq and k.question_seq <= to_seq
  loop
    delete from turn_events e where e.owner_id = owner and e.turn_id = t.id and e.partition = t.partition;
    delete from turns k where k.owner_id = owner and k.id = t.id;
    deleted := deleted + 1;
  end loop;
  return deleted;
end
$$;
