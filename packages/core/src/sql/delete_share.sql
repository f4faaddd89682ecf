-- Deletes a link. False when the owner has no such link.
create function delete_share(owner uuid, share uuid) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
begin
  perform set_config('chatkeep.owner', owner::text, true);
  delete from shares s where s.owner_id = owner and s.id = share;
  return found;
end
$$;
