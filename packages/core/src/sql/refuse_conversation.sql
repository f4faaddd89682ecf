-- Raises the error for a conversation that an owner cannot get: it belongs to another owner, or it does not exist.
-- Both cases run the same queries, so that timing does not tell them apart where the answer does not.
create function refuse_conversation(owner uuid, conversation text) returns void
language plpgsql security definer set search_path from current as $$
declare
  -- In this order, so that a conversation that its owner is just creating does not count as another owner's.
  is_there boolean := conversation_exists(conversation);
  is_own boolean := exists (select from conversations c where c.owner_id = owner and c.id = conversation);
begin
  if is_there and not is_own then
    raise exception 'forbidden' using errcode = 'CK000';
  end if;
  raise exception 'conversation_not_found' using errcode = 'CK000';
end
$$;
