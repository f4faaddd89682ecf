-- Says why an owner does not get a conversation: it is somebody else's, or it is not there. Both cost the
-- same queries, so that no clock tells them apart where the answer does not.
create function refuse_conversation(owner uuid, conversation text) returns void
language plpgsql security definer set search_path from current as $$
declare
  -- In this order: one that its owner makes at this very moment must not pass for somebody else's.
  is_there boolean := conversation_exists(conversation);
  is_own boolean := exists (select from conversations c where c.owner_id = owner and c.id = conversation);
begin
  if is_there and not is_own then
    raise exception 'forbidden' using errcode = 'CK000';
  end if;
  raise exception 'conversation_not_found' using errcode = 'CK000';
end
$$;
