-- Returns whether any owner has a conversation with this id. Only the store's functions may call it.
create function conversation_exists(conversation text) returns boolean
language plpgsql security definer set search_path from current as $$
declare
  found_any boolean;
begin
  perform set_config('chatkeep.engine', 'on', true);
  found_any := exists (select from conversations c where c.id = conversation and c.deleted_at is null);
  perform set_config('chatkeep.engine', 'off', true);
  return found_any;
end
$$;
