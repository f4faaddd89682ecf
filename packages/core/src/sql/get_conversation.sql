-- One conversation of the owner's.
create function get_conversation(owner uuid, conversation text) returns json
language plpgsql security definer set search_path from current as $$
declare
  found_conversation json;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select to_json(c) into found_conversation from conversations c
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  return found_conversation;
end
$$;
