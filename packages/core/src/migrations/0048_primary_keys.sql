-- Without statistics PostgreSQL takes the index that was created last of those that look alike. A check of a foreign key
-- then read all messages of the conversation, or all conversations of the owner: 2 ms for each message that is stored when
-- there are 5,000, until the first autoanalyze. So the primary keys are created last. With rows there are statistics.
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
    where c.contype = 'f' and c.confrelid in ('messages'::regclass, 'conversations'::regclass, 'turns'::regclass)
    union all
    select c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid), c.contype from pg_constraint c
    where c.contype = 'p' and c.conrelid in ('messages'::regclass, 'conversations'::regclass, 'turns'::regclass)
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
