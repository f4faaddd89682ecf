-- What recall, search and the docs look in besides words. Not a migration: `migrate` makes it when it is asked to,
-- where the server has pgvector, which may be long after the rest was made.

-- The model that all vectors are of, and how far the messages from before it are noted to be embedded.
create table vector_model (
  single boolean primary key default true check (single),
  name text not null default '',
  -- Counts the models: a vector of another number is of no use.
  number integer not null default 0,
  -- The key of the last message that was noted; null when all are.
  noted_owner uuid,
  noted_conversation text collate "C",
  noted_seq bigint,
  constraint vector_model_noted check (num_nulls(noted_owner, noted_conversation, noted_seq) in (0, 3))
);
insert into vector_model default values;

-- A row for each message that is findable, from the moment it is; its vector comes later, in the background.
create table message_vectors (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  seq bigint not null,
  model_number integer not null default 0,
  -- One bit a dimension. All of an owner's are compared, in the index alone: 5 ms for 20,000 of 768 bits. No index
  -- of pgvector begins with an owner, so a search for one among many would find few or read most of it.
  code bit varying,
  embedding halfvec,
  -- When it may be embedded, put off while a node is at it, so that another one goes on if that dies; null: not at all.
  due_at timestamptz default clock_timestamp(),
  constraint message_vectors_pkey primary key (owner_id, conversation_id, seq) include (model_number, code),
  constraint message_vectors_words foreign key (owner_id, conversation_id, seq)
    references message_words (owner_id, conversation_id, seq) on delete cascade on update cascade
);
create index message_vectors_due on message_vectors (due_at) where due_at is not null;

-- The same for the passages of docs.
create table passage_vectors (
  docs text collate "C" not null,
  path text collate "C" not null,
  position integer not null,
  model_number integer not null default 0,
  code bit varying,
  embedding halfvec,
  due_at timestamptz default clock_timestamp(),
  constraint passage_vectors_pkey primary key (docs, path, position) include (model_number, code),
  constraint passage_vectors_passage foreign key (docs, path, position)
    references passages (docs, path, position) on delete cascade on update cascade
);
create index passage_vectors_due on passage_vectors (due_at) where due_at is not null;

alter table message_vectors enable row level security;
alter table message_vectors force row level security;
create policy owner on message_vectors using (owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid);

do $$
begin
  if schema_security() = 'roles' then
    grant select, insert, update, delete on message_vectors to chatkeep_store;
    grant select on vector_model to chatkeep_store;
    create policy engine on message_vectors to chatkeep_engine using (true) with check (true);
  else
    create policy engine on message_vectors
      using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
  end if;
end
$$;

create function note_messages() returns trigger language plpgsql set search_path from current as $$
begin
  insert into message_vectors (owner_id, conversation_id, seq)
  select a.owner_id, a.conversation_id, a.seq from added a;
  return null;
end
$$;
create trigger embed after insert on message_words
  referencing new table as added for each statement execute function note_messages();

create function note_passages() returns trigger language plpgsql set search_path from current as $$
begin
  insert into passage_vectors (docs, path, position) select a.docs, a.path, a.position from added a;
  return null;
end
$$;
create trigger embed after insert on passages
  referencing new table as added for each statement execute function note_passages();
insert into passage_vectors (docs, path, position) select p.docs, p.path, p.position from passages p;
