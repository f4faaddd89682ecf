-- Conversations with messages that were stored before messages were made findable (0005). Their words are
-- filled in in the background, the latest first, and the row goes when that is done (search/backlog.ts).
create table unindexed_conversations (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  -- Messages below this number are still to do.
  below_seq bigint not null,
  constraint unindexed_conversations_pkey primary key (owner_id, conversation_id),
  constraint unindexed_conversations_conversation foreign key (owner_id, conversation_id)
    references conversations (owner_id, id) on delete cascade on update cascade
);

alter table unindexed_conversations enable row level security;
alter table unindexed_conversations force row level security;
create policy owner on unindexed_conversations
  using (owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid);

do $$
begin
  if schema_security() = 'roles' then
    grant select, insert, update, delete on unindexed_conversations to chatkeep_store;
    create policy engine on unindexed_conversations to chatkeep_engine using (true) with check (true);
  else
    create policy engine on unindexed_conversations
      using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
  end if;
  perform set_config('chatkeep.engine', 'on', true);
  insert into unindexed_conversations
  select c.owner_id, c.id, c.last_seq + 1 from conversations c
  where c.last_seq > c.cleared_seq
    and c.created_at <= (select m.migrated_at from migrations m where m.version = 5);
  perform set_config('chatkeep.engine', 'off', true);
end
$$;
