-- Sets the owner, locks the owner's conversation for a change, and returns it.
create function lock_conversation(owner uuid, conversation text) returns conversations
language plpgsql security definer set search_path from current as $$
declare
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
  c conversations;
begin
  select * into c from conversations k
  where k.owner_id = owner and k.id = conversation and k.deleted_at is null for no key update;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  return c;
end
$$;
