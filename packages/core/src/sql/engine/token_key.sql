-- The key under which all nodes sign the tokens of answers that could not be saved. Its row has the
-- name that older releases read it by.
create function token_key() returns text
language plpgsql security definer set search_path from current as $$
begin
  return (select s.value from secrets s where s.name = 'receipt');
end
$$;
