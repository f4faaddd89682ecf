-- Returns whether any owner has a handle with this hash.
create function handle_exists(hash text) returns boolean
language plpgsql security definer set search_path from current as $$
declare
  -- A variable, because row-level security keeps function calls out of index conditions.
  wanted bytea := decode(handle_exists.hash, 'hex');
  found_one boolean;
begin
  perform set_config('chatkeep.engine', 'on', true);
  found_one := exists (select from handles h where h.hash = wanted);
  perform set_config('chatkeep.engine', 'off', true);
  return found_one;
end
$$;
