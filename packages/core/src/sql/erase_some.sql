-- Deletes at most `page_limit` messages of an owner who is being erased, with their turns, and a
-- conversation once it is empty: small transactions, so that nobody waits for a long one. Null when nothing
-- is left.
create function erase_some(owner uuid, page_limit integer)
returns table (conversations_erased integer, messages_erased integer, turns_erased integer)
language plpgsql security definer set search_path from current as $$
declare
  conversation text;
  up_to bigint;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select c.id into conversation from conversations c
  where c.owner_id = owner and c.deleted_at is not null order by c.id limit 1 for update;
  if not found then
    return;
  end if;
  conversations_erased := 0;
  select max(first.seq) into up_to from (
    select k.seq from messages k where k.owner_id = owner and k.conversation_id = conversation
    order by k.seq limit page_limit
  ) first;
  delete from turn_events e using turns t
  where t.owner_id = owner and t.conversation_id = conversation and t.question_seq <= up_to
    and e.owner_id = owner and e.turn_id = t.id and e.slot = t.slot;
  delete from turns t where t.owner_id = owner and t.conversation_id = conversation and t.question_seq <= up_to;
  get diagnostics turns_erased = row_count;
  delete from deleted_messages d where d.owner_id = owner and d.conversation_id = conversation and d.seq <= up_to;
  delete from messages m where m.owner_id = owner and m.conversation_id = conversation and m.seq <= up_to;
  get diagnostics messages_erased = row_count;
  if messages_erased < page_limit then
    delete from conversations c where c.owner_id = owner and c.id = conversation;
    conversations_erased := 1;
  end if;
  return next;
end
$$;
