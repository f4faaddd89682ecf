-- Returns the conversation of a handle, and whether the handle can still be written through. Another owner's handle
-- is refused like another owner's conversation, at the same cost as one that does not exist.
create function find_handle(owner uuid, hash text) returns table (conversation_id text, active boolean)
language plpgsql security definer set search_path from current as $$
declare
  -- A variable, because row-level security keeps function calls out of index conditions.
  wanted bytea := decode(find_handle.hash, 'hex');
  is_own boolean;
  is_there boolean := handle_exists(hash);
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select h.conversation_id, h.ended_at is null into find_handle.conversation_id, active
  from handles h
  join conversations c on c.owner_id = owner and c.id = h.conversation_id and c.deleted_at is null
  where h.owner_id = owner and h.hash = wanted;
  if found then
    return next;
    return;
  end if;
  is_own := exists (select from handles h where h.owner_id = owner and h.hash = wanted);
  if is_there and not is_own then
    raise exception 'forbidden' using errcode = 'CK000';
  end if;
  raise exception 'conversation_not_found' using errcode = 'CK000';
end
$$;
