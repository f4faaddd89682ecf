-- Says why an owner does not get a conversation: it is somebody else's, or it is not there.
create function refuse_conversation(owner uuid, conversation text) returns void
language plpgsql security definer set search_path from current as $$
begin
  if conversation_exists(conversation) and not exists (
    select from conversations c where c.owner_id = owner and c.id = conversation
  ) then
    raise exception 'forbidden' using errcode = 'CK000';
  end if;
  raise exception 'conversation_not_found' using errcode = 'CK000';
end
$$;
