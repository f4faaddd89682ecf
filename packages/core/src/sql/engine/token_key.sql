-- Returns the key with which all nodes sign the tokens of unsaved answers. Its row has the name by which older
-- releases read it.
create function token_key() returns text
language plpgsql security definer set search_path from current as $$
begin
  return (select s.value from secrets s where s.name = 'receipt');
end
$$;
