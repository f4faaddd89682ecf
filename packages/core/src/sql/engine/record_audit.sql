-- Keeps that somebody did something to an owner's data: who, what and when, never what was written.
create function record_audit(owner uuid, actor text, action text, details json) returns void
language plpgsql security definer set search_path from current as $$
begin
  insert into audit (owner_id, actor, action, details) values (owner, actor, action, details);
end
$$;
