-- Owners, conversations, messages, turns and their events. Everything below `owners` starts with
-- owner_id, so that it can be distributed by it, and row-level security is forced on all of it.

-- The order in which things happened: allocated, so two never tie, as clocks do.
create sequence activity as bigint;

create table owners (
  id uuid primary key,
  kind text not null,
  -- Counters, so that a list's total costs no count: conversations that are neither deleted nor archived,
  -- and those archived.
  conversation_count bigint not null default 0,
  archived_count bigint not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  -- To within a day: idle sessions are pruned by it, and it is not worth a write a message.
  active_at timestamptz not null default clock_timestamp(),
  constraint owners_kind check (kind in ('user', 'session')),
  constraint owners_counts check (conversation_count >= 0 and archived_count >= 0)
);

create index owners_idle on owners (active_at) where kind = 'session';

create table conversations (
  owner_id uuid not null,
  id text collate "C" not null,
  scope text collate "C",
  scope_label text,
  is_default boolean not null default false,
  title text,
  -- Whose title it is: a person's own is never written over by one that was made.
  title_source text,
  pinned_at timestamptz,
  archived_at timestamptz,
  -- A column, since no index of an expression serves "archived_at is null": the planner turns it into another.
  archived boolean not null generated always as (archived_at is not null) stored,
  deleted_at timestamptz,
  -- The last number given out, and the last one that a clear took away: what is between is there.
  last_seq bigint not null default 0,
  cleared_seq bigint not null default 0,
  -- Cleared messages up to here are gone from the disk too; the janitor takes the rest in small pieces.
  purged_seq bigint not null default 0,
  running_turn uuid,
  preview text,
  metadata json,
  created_no bigint not null default nextval('activity'),
  active_no bigint not null default nextval('activity'),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint conversations_pkey primary key (owner_id, id),
  constraint conversations_owner foreign key (owner_id) references owners (id) on delete cascade,
  constraint conversations_id check (id ~ '^[!-~]{1,128}$'),
  constraint conversations_default_scope check (not is_default or scope is not null),
  constraint conversations_title_source check (title_source in ('person', 'question', 'model')),
  constraint conversations_title check ((title is null) = (title_source is null)),
  constraint conversations_seq check (
    purged_seq >= 0 and cleared_seq >= purged_seq and last_seq >= cleared_seq
  )
);

create unique index conversations_default on conversations (owner_id, scope)
  where is_default and deleted_at is null;
create index conversations_active on conversations (owner_id, archived, active_no)
  where deleted_at is null;
create index conversations_created on conversations (owner_id, archived, created_no)
  where deleted_at is null;
create index conversations_scope on conversations (owner_id, scope, archived, active_no)
  where deleted_at is null and scope is not null;
-- What the janitor looks for.
create index conversations_trash on conversations (deleted_at) where deleted_at is not null;
create index conversations_cleared on conversations (owner_id, id) where purged_seq < cleared_seq;
-- Tells "not yours" from "not there".
create index conversations_any_owner on conversations (id);

create table messages (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  seq bigint not null,
  id text collate "C" not null,
  turn_id uuid,
  role text not null,
  status text not null default 'complete',
  parts_version smallint not null default 1,
  -- json, not jsonb: it keeps the text as it was, with its keys' order, its numbers and "\u0000".
  parts json not null,
  context_text text,
  intent text,
  processed boolean,
  model text,
  usage json,
  error json,
  metadata json,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint messages_pkey primary key (owner_id, conversation_id, seq),
  -- In this order, or it would begin as the primary key does, and without statistics the planner takes
  -- one for the other: it then reads the whole conversation to find one message.
  constraint messages_once unique (owner_id, id, conversation_id),
  constraint messages_conversation foreign key (owner_id, conversation_id)
    -- A claim moves a conversation to another owner with all that it holds.
    references conversations (owner_id, id) on delete cascade on update cascade,
  constraint messages_seq check (seq > 0),
  constraint messages_id check (id ~ '^[!-~]{1,128}$'),
  constraint messages_role check (role in ('system', 'user', 'assistant', 'tool')),
  constraint messages_status check (status in ('complete', 'streaming', 'stopped', 'interrupted', 'failed')),
  constraint messages_parts check (json_typeof(parts) = 'array'),
  -- Only an answer that was cut off may be empty.
  constraint messages_not_empty check (
    json_array_length(parts) > 0 or (role = 'assistant' and status <> 'complete')
  )
);

-- A node is a process that runs turns. Its id is the fencing number of all its turns: whoever takes
-- them over deletes its row, and every write of that node takes a lock on that row first.
create table nodes (
  id bigint generated always as identity primary key,
  lease_until timestamptz not null,
  started_at timestamptz not null default clock_timestamp()
);

create table turns (
  owner_id uuid not null,
  id uuid not null,
  conversation_id text collate "C" not null,
  question_seq bigint not null,
  message_id text collate "C" not null,
  reply_id text collate "C" not null,
  status text not null default 'running',
  node_id bigint not null,
  -- Which partition of turn_events holds its events.
  slot smallint not null,
  stop_requested_at timestamptz,
  -- The number of its last event, once it is settled.
  last_event integer,
  error json,
  created_at timestamptz not null default clock_timestamp(),
  settled_at timestamptz,
  constraint turns_pkey primary key (owner_id, id),
  constraint turns_conversation foreign key (owner_id, conversation_id)
    references conversations (owner_id, id) on delete cascade on update cascade,
  constraint turns_status check (status in ('running', 'complete', 'stopped', 'interrupted', 'failed')),
  constraint turns_settled check ((status = 'running') = (settled_at is null))
);

create unique index turns_running on turns (owner_id, conversation_id) where status = 'running';
create unique index turns_question on turns (owner_id, conversation_id, question_seq);
create index turns_node on turns (node_id, id) where status = 'running';
create index turns_stopping on turns (node_id) where status = 'running' and stop_requested_at is not null;
create index turns_slot on turns (slot, settled_at);

-- The written-ahead events of turns. They are many and short-lived, so they stand in three partitions,
-- filled in rotation and emptied whole by truncate: deleting row by row would write as much again.
-- No foreign key: it would cost a trigger and a look-up a row on the busiest insert of all; the
-- functions that insert and delete them join `turns`.
create table turn_events (
  owner_id uuid not null,
  turn_id uuid not null,
  seq integer not null,
  slot smallint not null,
  chunk json not null,
  constraint turn_events_pkey primary key (owner_id, turn_id, seq, slot)
) partition by list (slot);
create table turn_events_0 partition of turn_events for values in (0);
create table turn_events_1 partition of turn_events for values in (1);
create table turn_events_2 partition of turn_events for values in (2);

-- Which partition new turns write to, and since when.
create table event_slot (
  single boolean primary key default true check (single),
  slot smallint not null default 0,
  since timestamptz not null default clock_timestamp()
);
insert into event_slot default values;

-- What nodes share and nobody else knows.
create table secrets (
  name text primary key,
  value text not null
);
-- 244 random bits of the server's: the key of receipts for answers that could not be saved.
insert into secrets values ('receipt', gen_random_uuid()::text || gen_random_uuid()::text);

-- Row-level security: an owner's function sees the rows of the owner it set, and no others.
-- Outside of one, the setting is null or, later in a session, empty: then it sees none.
-- (The engine's policy differs by what the server allows: see ../security.)
alter table owners enable row level security;
alter table owners force row level security;
alter table conversations enable row level security;
alter table conversations force row level security;
alter table messages enable row level security;
alter table messages force row level security;
alter table turns enable row level security;
alter table turns force row level security;
alter table turn_events enable row level security;
alter table turn_events force row level security;
alter table turn_events_0 enable row level security;
alter table turn_events_0 force row level security;
alter table turn_events_1 enable row level security;
alter table turn_events_1 force row level security;
alter table turn_events_2 enable row level security;
alter table turn_events_2 force row level security;

create policy owner on owners using (id = nullif(current_setting('chatkeep.owner', true), '')::uuid);
create policy owner on conversations using (owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid);
create policy owner on messages using (owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid);
create policy owner on turns using (owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid);
create policy owner on turn_events using (owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid);
