-- The last step of an erasure: the owner's own row, with whatever was begun in the meantime; and the
-- receipt in the audit.
create function erase_owner(owner uuid, actor text, receipt json) returns void
language plpgsql security definer set search_path from current as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  delete from turn_events e where e.owner_id = owner;
  delete from owners o where o.id = owner;
  perform record_audit(owner, actor, 'erase', receipt);
end
$$;
