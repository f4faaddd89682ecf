-- Without statistics PostgreSQL takes the index that was created last of those that look alike. Checks of foreign keys then
-- read all conversations or turns of an owner, until the first autoanalyze. So these primary keys are created last. (Not
-- that of messages: messages_once, which finds a message by its id, has to be the last there.) With rows there are
-- statistics.
do $$
declare
  one record;
  definitions text[] := '{}';
  definition text;
begin
  if exists (select from conversations) then
    return;
  end if;
  for one in
    select c.conrelid::regclass as name, c.conname, pg_get_constraintdef(c.oid) as body, c.contype from pg_constraint c
    where c.contype = 'f' and c.confrelid in ('conversations'::regclass, 'turns'::regclass)
    union all
    select c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid), c.contype from pg_constraint c
    where c.contype = 'p' and c.conrelid in ('conversations'::regclass, 'turns'::regclass)
    -- Foreign keys go first, and come back last.
    order by contype
  loop
    execute format('alter table %s drop constraint %I', one.name, one.conname);
    definitions := format('alter table %s add constraint %I %s', one.name, one.conname, one.body) || definitions;
  end loop;
  foreach definition in array definitions loop
    execute definition;
  end loop;
end
$$;
