-- Plans that do not depend on how much one owner has (docs/decisions/0042).

-- "is true" keeps the second lock out of the conditions of an index. As one it stood beside `owner_id = owner`, the
-- planner multiplied both, took every owner for one with a single row, and any index that begins with the owner for as
-- good as the primary key: a page of messages read 10,000 conversations.
do $$
declare
  p record;
begin
  for p in
    select c.relname, case c.relname when 'owners' then 'id' else 'owner_id' end as key
    from pg_policy y join pg_class c on c.oid = y.polrelid
    where y.polname = 'owner' and c.relnamespace = current_schema()::regnamespace
      -- Its statements are planned for each owner, and read all that this one has.
      and c.relname <> 'message_vectors'
  loop
    execute format(
      'alter policy owner on %I using ((%I = nullif(current_setting(''chatkeep.owner'', true), '''')::uuid) is true)',
      p.relname, p.key
    );
  end loop;
end
$$;

-- A plan that serves all owners is made for the average one, who has one conversation: then again every index is as
-- good as the key. So the planner is told that an owner has a hundred, and a conversation a hundred messages and turns.
alter table conversations
  alter owner_id set (n_distinct = -0.01), alter id set (n_distinct = -0.1);
alter table messages
  alter owner_id set (n_distinct = -0.01), alter conversation_id set (n_distinct = -0.01);
alter table turns
  alter owner_id set (n_distinct = -0.01), alter conversation_id set (n_distinct = -0.01);
alter table message_words
  alter owner_id set (n_distinct = -0.01), alter conversation_id set (n_distinct = -0.01);
alter table handles
  alter owner_id set (n_distinct = -0.01), alter conversation_id set (n_distinct = -0.01);
-- A conversation is of one owner: without knowing it, the planner multiplies the two again.
create statistics messages_owner (dependencies) on owner_id, conversation_id from messages;
create statistics turns_owner (dependencies) on owner_id, conversation_id from turns;
create statistics message_words_owner (dependencies) on owner_id, conversation_id from message_words;
create statistics handles_owner (dependencies) on owner_id, conversation_id from handles;

-- What the janitor looks for stands in one index instead of two, in the order in which its time comes: what was
-- cleared at once, what was deleted later.
drop index conversations_trash;
drop index conversations_cleared;
create index conversations_due on conversations (
  (case when purged_seq < cleared_seq then '-infinity' else deleted_at end)
) where purged_seq < cleared_seq or deleted_at is not null;

-- An answer is stored empty and filled in. With room beside it 99 of 100 such updates touch no index, without 72.
alter table messages set (fillfactor = 90);
