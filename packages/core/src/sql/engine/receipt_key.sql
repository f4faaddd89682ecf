-- The key under which all nodes sign answers that could not be saved.
create function receipt_key() returns text
language plpgsql security definer set search_path from current as $$
begin
  return (select s.value from secrets s where s.name = 'receipt');
end
$$;
