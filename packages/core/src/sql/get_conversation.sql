-- Returns one conversation of the owner.
create function get_conversation(owner uuid, conversation text) returns json
language plpgsql stable security definer set search_path from current as $$
declare
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
begin
  if not exists (
    select from conversations c where c.owner_id = owner and c.id = conversation and c.deleted_at is null
  ) then
    perform refuse_conversation(owner, conversation);
  end if;
  return conversation_json(owner, conversation);
end
$$;
