-- How many messages between cleared_seq and last_seq were deleted one by one: with it, totals stay true.
alter table conversations add column deleted_count bigint not null default 0;
alter table conversations add constraint conversations_deleted
  check (deleted_count >= 0 and deleted_count <= last_seq - cleared_seq);

-- Handles: secret names of conversations that a door gave out. Only their hash is kept, so that nobody who
-- reads the table can use one.
create table handles (
  owner_id uuid not null,
  hash bytea not null,
  conversation_id text collate "C" not null,
  ended_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  constraint handles_pkey primary key (owner_id, hash),
  constraint handles_conversation foreign key (owner_id, conversation_id)
    references conversations (owner_id, id) on delete cascade on update cascade,
  constraint handles_hash check (octet_length(hash) = 32)
);
-- What the foreign key looks up when a conversation is deleted or claimed.
create index handles_of_conversation on handles (owner_id, conversation_id);
-- Tells "not yours" from "not there".
create index handles_any_owner on handles (hash);

alter table handles enable row level security;
alter table handles force row level security;
create policy owner on handles using (owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid);
do $$
begin
  if schema_security() = 'roles' then
    grant select, insert, update on handles to chatkeep_store;
    create policy engine on handles to chatkeep_engine using (true) with check (true);
  else
    create policy engine on handles
      using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
  end if;
end
$$;
