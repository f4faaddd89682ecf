-- Links to a branch of a conversation, for whoever has one.
create table shares (
  owner_id uuid not null,
  id uuid not null,
  -- SHA-256 of the token, which is not stored.
  hash bytea not null,
  conversation_id text collate "C" not null,
  -- The last message that is shown. Null: the head, whatever it becomes.
  last_message_id text collate "C",
  name text,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  constraint shares_pkey primary key (owner_id, id),
  constraint shares_conversation foreign key (owner_id, conversation_id)
    references conversations (owner_id, id) on delete cascade on update cascade,
  constraint shares_hash check (octet_length(hash) = 32)
);
-- For the foreign key, and to list the links of a conversation.
create index shares_of_conversation on shares (owner_id, conversation_id);
create index shares_by_hash on shares (hash);

alter table shares enable row level security;
alter table shares force row level security;
create policy owner on shares using ((owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid) is true);
do $$
begin
  if schema_security() = 'roles' then
    grant select, insert, update, delete on shares to chatkeep_store;
    create policy engine on shares to chatkeep_engine using (true) with check (true);
  else
    create policy engine on shares
      using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
  end if;
end
$$;
