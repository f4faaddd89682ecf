-- Writes to the audit log who did what to an owner's data and when. It records no message text.
create function record_audit(owner uuid, actor text, action text, details json) returns void
language plpgsql security definer set search_path from current as $$
begin
  insert into audit (owner_id, actor, action, details) values (owner, actor, action, details);
end
$$;
