-- Last step of an erasure: deletes the owner's row with anything that began meanwhile, and writes the receipt to the
-- audit log.
create function erase_owner(owner uuid, actor text, receipt json) returns void
language plpgsql security definer set search_path from current as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  delete from turn_events e where e.owner_id = owner;
  delete from owners o where o.id = owner;
  perform record_audit(owner, actor, 'erase', receipt);
end
$$;
