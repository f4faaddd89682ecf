-- The bytes of an owner's files, hidden and unfinished ones aside.
alter table owners add column file_bytes bigint not null default 0;

-- Bytes that messages refer to. They never are in messages.
create table files (
  owner_id uuid not null,
  id uuid not null,
  name text,
  media_type text not null,
  -- Bytes that are written so far.
  size bigint not null default 0,
  -- Null until the last byte is written, and from the moment that the file is deleted.
  sha256 bytea,
  -- When it was stored, used, or lost a message that referred to it: a day later it is deleted if no message refers to it.
  -- Null once one was seen that does. `-infinity` once the file is deleted and its bytes are not yet gone.
  unused_since timestamptz default clock_timestamp(),
  created_at timestamptz not null default clock_timestamp(),
  constraint files_pkey primary key (owner_id, id),
  constraint files_owner foreign key (owner_id) references owners (id) on delete cascade,
  constraint files_sha256 check (octet_length(sha256) = 32),
  constraint files_size check (size >= 0)
);
create index files_unused on files (unused_since) where unused_since is not null;

-- 8,096 bytes fill a page with their row: a file takes about 1.02 times its size on the disk. TOAST would take more.
create table file_chunks (
  owner_id uuid not null,
  file_id uuid not null,
  no integer not null,
  bytes bytea not null,
  constraint file_chunks_pkey primary key (owner_id, file_id, no),
  constraint file_chunks_file foreign key (owner_id, file_id)
    references files (owner_id, id) on delete cascade on update cascade,
  constraint file_chunks_bytes check (octet_length(bytes) between 1 and 8096)
);
alter table file_chunks alter column bytes set storage plain;

-- Which message refers to which file. Written before the message is.
create table file_uses (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  message_id text collate "C" not null,
  file_id uuid not null,
  used_at timestamptz not null default clock_timestamp(),
  constraint file_uses_pkey primary key (owner_id, conversation_id, message_id, file_id),
  constraint file_uses_conversation foreign key (owner_id, conversation_id)
    references conversations (owner_id, id) on delete cascade on update cascade
);
-- Not by owner first, or a plan that knows no owner takes it for the uses of a conversation, and reads all of an owner.
create index file_uses_file on file_uses (file_id, owner_id);

alter table files enable row level security;
alter table files force row level security;
create policy owner on files using ((owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid) is true);
alter table file_chunks enable row level security;
alter table file_chunks force row level security;
create policy owner on file_chunks using ((owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid) is true);
alter table file_uses enable row level security;
alter table file_uses force row level security;
create policy owner on file_uses using ((owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid) is true);
do $$
begin
  if schema_security() = 'roles' then
    grant select, insert, update, delete on files, file_chunks, file_uses to chatkeep_store;
    create policy engine on files to chatkeep_engine using (true) with check (true);
    create policy engine on file_chunks to chatkeep_engine using (true) with check (true);
    create policy engine on file_uses to chatkeep_engine using (true) with check (true);
  else
    create policy engine on files
      using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
    create policy engine on file_chunks
      using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
    create policy engine on file_uses
      using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
  end if;
end
$$;
