-- Ends a handle: it can still be read through but no longer written through. The conversation stays.
create function end_handle(owner uuid, hash text) returns void
language plpgsql security definer set search_path from current as $$
declare
  wanted bytea := decode(end_handle.hash, 'hex');
begin
  perform find_handle(owner, hash);
  update handles h set ended_at = coalesce(h.ended_at, clock_timestamp())
  where h.owner_id = owner and h.hash = wanted;
end
$$;
