-- The schema after the last migration. Made by: npm run schema --workspace @chatkeep/core

-- Roles
create role chatkeep_engine nologin nosuperuser nobypassrls noinherit;
create role chatkeep_store nologin nosuperuser nobypassrls noinherit;

-- Sequences
create sequence activity as bigint;

-- Tables
create table audit (
  id bigint not null generated always as identity,
  at timestamp with time zone not null default clock_timestamp(),
  owner_id uuid not null,
  actor text not null,
  action text not null,
  details json
);

create table budgets (
  owner_id uuid not null,
  tokens_per_day bigint,
  tokens_per_month bigint,
  cost_per_day numeric,
  cost_per_month numeric
);
alter table budgets enable row level security;
alter table budgets force row level security;

create table checkpoint_values (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  namespace text collate "C" not null,
  channel text collate "C" not null,
  version text collate "C" not null,
  base_version text collate "C",
  body json not null
);
alter table checkpoint_values enable row level security;
alter table checkpoint_values force row level security;

create table checkpoint_writes (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  namespace text collate "C" not null,
  checkpoint_id text collate "C" not null,
  task_path text collate "C" not null,
  task_id text collate "C" not null,
  no integer not null,
  channel text collate "C" not null,
  body json not null
);
alter table checkpoint_writes enable row level security;
alter table checkpoint_writes force row level security;

create table checkpoints (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  namespace text collate "C" not null,
  id text collate "C" not null,
  parent_id text collate "C",
  body json not null,
  metadata json not null,
  channels text[] collate "C" not null,
  versions text[] collate "C" not null
);
alter table checkpoints enable row level security;
alter table checkpoints force row level security;

create table conversations (
  owner_id uuid not null,
  id text collate "C" not null,
  scope text collate "C",
  scope_label text,
  is_default boolean not null default false,
  title text,
  title_source text,
  pinned_at timestamp with time zone,
  archived_at timestamp with time zone,
  archived boolean not null generated always as ((archived_at IS NOT NULL)) stored,
  deleted_at timestamp with time zone,
  last_seq bigint not null default 0,
  cleared_seq bigint not null default 0,
  purged_seq bigint not null default 0,
  running_turn uuid,
  preview text,
  metadata json,
  created_no bigint not null default nextval('activity'::regclass),
  active_no bigint not null default nextval('activity'::regclass),
  created_at timestamp with time zone not null default clock_timestamp(),
  updated_at timestamp with time zone not null default clock_timestamp(),
  deleted_count bigint not null default 0,
  head_seq bigint,
  fork_count integer not null default 0,
  elsewhere_count bigint not null default 0,
  waiting_turn uuid,
  stop_asked_at timestamp with time zone,
  tags text[] collate "C" not null default '{}'::text[],
  expires_at timestamp with time zone
);
alter table conversations enable row level security;
alter table conversations force row level security;

create table deleted_messages (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  seq bigint not null,
  deleted_at timestamp with time zone,
  id text collate "C",
  message json,
  size integer,
  words tsvector,
  message_no bigint,
  moved_to bigint
);
alter table deleted_messages enable row level security;
alter table deleted_messages force row level security;

create table docs (
  name text collate "C" not null,
  passage_count bigint not null default 0,
  term_count bigint not null default 0
);

create table document_versions (
  id bigint not null generated always as identity,
  docs text collate "C" not null,
  path text collate "C" not null,
  title text not null,
  source text not null,
  replaced_at timestamp with time zone not null default clock_timestamp()
);

create table documents (
  docs text collate "C" not null,
  path text collate "C" not null,
  position integer not null,
  title text not null,
  hash text not null,
  source text not null
);

create table event_partition (
  single boolean not null default true,
  partition smallint not null default 0,
  since timestamp with time zone not null default clock_timestamp()
);

create table file_chunks (
  owner_id uuid not null,
  file_id uuid not null,
  no integer not null,
  bytes bytea not null
);
alter table file_chunks enable row level security;
alter table file_chunks force row level security;

create table file_uses (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  message_id text collate "C" not null,
  file_id uuid not null,
  used_at timestamp with time zone not null default clock_timestamp()
);
alter table file_uses enable row level security;
alter table file_uses force row level security;

create table files (
  owner_id uuid not null,
  id uuid not null,
  name text,
  media_type text not null,
  size bigint not null default 0,
  sha256 bytea,
  unused_since timestamp with time zone default clock_timestamp(),
  created_at timestamp with time zone not null default clock_timestamp(),
  purpose text,
  object uuid
);
alter table files enable row level security;
alter table files force row level security;

create table handles (
  owner_id uuid not null,
  hash bytea not null,
  conversation_id text collate "C" not null,
  ended_at timestamp with time zone,
  created_at timestamp with time zone not null default clock_timestamp()
);
alter table handles enable row level security;
alter table handles force row level security;

create table idempotency_keys (
  owner_id uuid not null,
  digest bytea not null,
  id uuid not null,
  is_ahead boolean not null,
  sent_at timestamp with time zone not null
);
alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;

create table message_words (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  seq bigint not null,
  message_no bigint not null default nextval('activity'::regclass),
  size integer not null,
  words tsvector not null,
  role text,
  created_at timestamp with time zone
);
alter table message_words enable row level security;
alter table message_words force row level security;

create table messages (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  seq bigint not null,
  id text collate "C" not null,
  turn_id uuid,
  role text not null,
  status text not null default 'complete'::text,
  parts_version smallint not null default 2,
  parts json not null,
  context_text text,
  intent text,
  processed boolean,
  model text,
  usage json,
  error json,
  metadata json,
  created_at timestamp with time zone not null default clock_timestamp(),
  updated_at timestamp with time zone not null default clock_timestamp(),
  feedback json
);
alter table messages enable row level security;
alter table messages force row level security;

create table migrations (
  version integer not null,
  name text not null,
  migrated_at timestamp with time zone not null default clock_timestamp(),
  breaking boolean not null default false
);

create table nodes (
  id bigint not null generated always as identity,
  lease_until timestamp with time zone not null,
  started_at timestamp with time zone not null default clock_timestamp(),
  duration interval not null default '01:00:00'::interval,
  held_since timestamp with time zone not null default '-infinity'::timestamp with time zone,
  continues boolean not null default false
);

create table objects (
  id uuid not null,
  is_written boolean not null default false,
  due_at timestamp with time zone
);

create table owners (
  id uuid not null,
  kind text not null,
  conversation_count bigint not null default 0,
  archived_count bigint not null default 0,
  created_at timestamp with time zone not null default clock_timestamp(),
  active_at timestamp with time zone not null default clock_timestamp(),
  file_bytes bigint not null default 0
);
alter table owners enable row level security;
alter table owners force row level security;

create table passages (
  docs text collate "C" not null,
  path text collate "C" not null,
  position integer not null,
  section text,
  anchor text,
  context text not null,
  text text not null,
  search tsvector not null
);

create table queued_questions (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  place bigint not null,
  turn_id uuid not null,
  reply_id text collate "C" not null,
  message_id text collate "C" not null,
  parent text collate "C",
  body json not null,
  context_text text,
  metadata json,
  asker json not null,
  steers boolean not null,
  is_held boolean not null default false,
  created_at timestamp with time zone not null default clock_timestamp()
);
alter table queued_questions enable row level security;
alter table queued_questions force row level security;

create unlogged table rate_limits (
  key text collate "C" not null,
  points integer not null,
  expires_at timestamp with time zone not null
);

create table releases (
  functions text collate "C" not null,
  used_at timestamp with time zone not null default clock_timestamp()
);

create table running_turns (
  owner_id uuid not null,
  id uuid not null,
  conversation_id text collate "C" not null,
  question_seq bigint not null,
  message_id text collate "C" not null,
  reply_id text collate "C" not null,
  status text not null default 'running'::text,
  node_id bigint not null,
  partition smallint not null,
  stop_requested_at timestamp with time zone,
  last_event integer,
  error json,
  created_at timestamp with time zone not null default clock_timestamp(),
  settled_at timestamp with time zone,
  reply_gap bigint not null default 1,
  attempts jsonb,
  asker json,
  left_at timestamp with time zone,
  steered_at timestamp with time zone
);
alter table running_turns enable row level security;
alter table running_turns force row level security;

create table secrets (
  name text not null,
  value text not null
);

create table segments (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  first_seq bigint not null,
  parent_seq bigint not null,
  depth bigint not null,
  next_follows boolean not null,
  path_firsts bigint[] not null default '{}'::bigint[],
  path_parents bigint[] not null default '{}'::bigint[],
  rank integer not null default 0,
  jump_first bigint,
  jump_last bigint
);
alter table segments enable row level security;
alter table segments force row level security;

create table shares (
  owner_id uuid not null,
  id uuid not null,
  hash bytea not null,
  conversation_id text collate "C" not null,
  last_message_id text collate "C",
  name text,
  created_at timestamp with time zone not null default clock_timestamp(),
  expires_at timestamp with time zone,
  title text
);
alter table shares enable row level security;
alter table shares force row level security;

create table summaries (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  from_seq bigint not null,
  to_seq bigint not null,
  body text,
  begun_at timestamp with time zone not null default clock_timestamp()
);
alter table summaries enable row level security;
alter table summaries force row level security;

create table terms (
  docs text collate "C" not null,
  term text collate "C" not null,
  passage_count bigint not null,
  letters text collate "C"
);

create table title_words (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  words tsvector not null
);
alter table title_words enable row level security;
alter table title_words force row level security;

create table turn_contexts (
  owner_id uuid not null,
  turn_id uuid not null,
  context json not null
);
alter table turn_contexts enable row level security;
alter table turn_contexts force row level security;

create table turn_events (
  owner_id uuid not null,
  turn_id uuid not null,
  seq integer not null,
  partition smallint not null,
  chunk json not null
) partition by LIST (partition);
alter table turn_events enable row level security;
alter table turn_events force row level security;

create table turns (
  owner_id uuid not null,
  id uuid not null,
  conversation_id text collate "C" not null,
  question_seq bigint not null,
  message_id text collate "C" not null,
  reply_id text collate "C" not null,
  status text not null,
  node_id bigint not null,
  partition smallint not null,
  stop_requested_at timestamp with time zone,
  last_event integer,
  error json,
  created_at timestamp with time zone not null default clock_timestamp(),
  settled_at timestamp with time zone,
  reply_gap bigint not null default 1,
  attempts jsonb
);
alter table turns enable row level security;
alter table turns force row level security;

create table unindexed_conversations (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  below_seq bigint not null
);
alter table unindexed_conversations enable row level security;
alter table unindexed_conversations force row level security;

create table unindexed_titles (
  owner_id uuid not null,
  conversation_id text collate "C" not null
);
alter table unindexed_titles enable row level security;
alter table unindexed_titles force row level security;

create table usage_days (
  owner_id uuid not null,
  day date not null,
  model text collate "C" not null,
  slot smallint not null,
  answers bigint not null,
  input_tokens bigint not null,
  cached_tokens bigint not null,
  output_tokens bigint not null,
  reasoning_tokens bigint not null,
  total_tokens bigint not null,
  cost numeric not null
);
alter table usage_days enable row level security;
alter table usage_days force row level security;


-- Partitions
create table turn_events_0 partition of turn_events FOR VALUES IN ('0'); -- row level security, forced
create table turn_events_1 partition of turn_events FOR VALUES IN ('1'); -- row level security, forced
create table turn_events_2 partition of turn_events FOR VALUES IN ('2'); -- row level security, forced

-- Constraints
alter table audit add constraint audit_pkey PRIMARY KEY (id);
alter table audit add constraint audit_action CHECK ((action = ANY (ARRAY['claim'::text, 'export'::text, 'erase'::text, 'act'::text])));
alter table budgets add constraint budgets_pkey PRIMARY KEY (owner_id);
alter table budgets add constraint budgets_owner FOREIGN KEY (owner_id) REFERENCES owners(id) ON DELETE CASCADE;
alter table budgets add constraint budgets_range CHECK ((LEAST((tokens_per_day)::numeric, (tokens_per_month)::numeric, cost_per_day, cost_per_month) >= (0)::numeric));
alter table checkpoint_values add constraint checkpoint_values_pkey PRIMARY KEY (owner_id, conversation_id, namespace, channel, version);
alter table checkpoint_values add constraint checkpoint_values_conversation FOREIGN KEY (owner_id, conversation_id) REFERENCES conversations(owner_id, id) ON UPDATE CASCADE ON DELETE CASCADE;
alter table checkpoint_writes add constraint checkpoint_writes_pkey PRIMARY KEY (owner_id, conversation_id, namespace, checkpoint_id, task_id, no);
alter table checkpoint_writes add constraint checkpoint_writes_conversation FOREIGN KEY (owner_id, conversation_id) REFERENCES conversations(owner_id, id) ON UPDATE CASCADE ON DELETE CASCADE;
alter table checkpoints add constraint checkpoints_pkey PRIMARY KEY (owner_id, conversation_id, namespace, id);
alter table checkpoints add constraint checkpoints_conversation FOREIGN KEY (owner_id, conversation_id) REFERENCES conversations(owner_id, id) ON UPDATE CASCADE ON DELETE CASCADE;
alter table conversations add constraint conversations_pkey PRIMARY KEY (owner_id, id);
alter table conversations add constraint conversations_owner FOREIGN KEY (owner_id) REFERENCES owners(id) ON DELETE CASCADE;
alter table conversations add constraint conversations_check CHECK (check_conversation(id, scope, is_default, title, title_source, last_seq, cleared_seq, purged_seq, deleted_count, elsewhere_count)) NOT VALID;
alter table deleted_messages add constraint deleted_messages_pkey PRIMARY KEY (owner_id, conversation_id, seq);
alter table deleted_messages add constraint deleted_messages_conversation FOREIGN KEY (owner_id, conversation_id) REFERENCES conversations(owner_id, id) ON UPDATE CASCADE ON DELETE CASCADE;
alter table deleted_messages add constraint deleted_messages_kept CHECK ((num_nulls(deleted_at, id, message) = ANY (ARRAY[0, 3])));
alter table docs add constraint docs_pkey PRIMARY KEY (name);
alter table docs add constraint docs_counts CHECK (((passage_count >= 0) AND (term_count >= 0)));
alter table document_versions add constraint document_versions_pkey PRIMARY KEY (id);
alter table document_versions add constraint document_versions_docs FOREIGN KEY (docs) REFERENCES docs(name) ON UPDATE CASCADE ON DELETE CASCADE;
alter table documents add constraint documents_pkey PRIMARY KEY (docs, path);
alter table documents add constraint documents_docs FOREIGN KEY (docs) REFERENCES docs(name) ON UPDATE CASCADE ON DELETE CASCADE;
alter table event_partition add constraint event_partition_pkey PRIMARY KEY (single);
alter table event_partition add constraint event_partition_single CHECK (single);
alter table file_chunks add constraint file_chunks_pkey PRIMARY KEY (owner_id, file_id, no);
alter table file_chunks add constraint file_chunks_file FOREIGN KEY (owner_id, file_id) REFERENCES files(owner_id, id) ON UPDATE CASCADE ON DELETE CASCADE;
alter table file_chunks add constraint file_chunks_bytes CHECK (((octet_length(bytes) >= 1) AND (octet_length(bytes) <= 8096)));
alter table file_uses add constraint file_uses_pkey PRIMARY KEY (owner_id, conversation_id, message_id, file_id);
alter table file_uses add constraint file_uses_conversation FOREIGN KEY (owner_id, conversation_id) REFERENCES conversations(owner_id, id) ON UPDATE CASCADE ON DELETE CASCADE;
alter table files add constraint files_pkey PRIMARY KEY (owner_id, id);
alter table files add constraint files_owner FOREIGN KEY (owner_id) REFERENCES owners(id) ON DELETE CASCADE;
alter table files add constraint files_sha256 CHECK ((octet_length(sha256) = 32));
alter table files add constraint files_size CHECK ((size >= 0));
alter table handles add constraint handles_pkey PRIMARY KEY (owner_id, hash);
alter table handles add constraint handles_conversation FOREIGN KEY (owner_id, conversation_id) REFERENCES conversations(owner_id, id) ON UPDATE CASCADE ON DELETE CASCADE;
alter table handles add constraint handles_hash CHECK ((octet_length(hash) = 32));
alter table idempotency_keys add constraint idempotency_keys_pkey PRIMARY KEY (owner_id, digest);
alter table idempotency_keys add constraint idempotency_keys_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES owners(id) ON DELETE CASCADE;
alter table idempotency_keys add constraint idempotency_keys_digest CHECK ((octet_length(digest) = 32));
alter table message_words add constraint message_words_pkey PRIMARY KEY (owner_id, conversation_id, seq);
alter table message_words add constraint message_words_message FOREIGN KEY (owner_id, conversation_id, seq) REFERENCES messages(owner_id, conversation_id, seq) ON UPDATE CASCADE ON DELETE CASCADE;
alter table message_words add constraint message_words_size CHECK ((size > 0));
alter table messages add constraint messages_once UNIQUE (owner_id, id, conversation_id);
alter table messages add constraint messages_pkey PRIMARY KEY (owner_id, conversation_id, seq);
alter table messages add constraint messages_conversation FOREIGN KEY (owner_id, conversation_id) REFERENCES conversations(owner_id, id) ON UPDATE CASCADE ON DELETE CASCADE;
alter table messages add constraint messages_check CHECK (check_message(seq, id, role, status, parts)) NOT VALID;
alter table migrations add constraint migrations_pkey PRIMARY KEY (version);
alter table nodes add constraint nodes_pkey PRIMARY KEY (id);
alter table objects add constraint objects_pkey PRIMARY KEY (id);
alter table owners add constraint owners_pkey PRIMARY KEY (id);
alter table owners add constraint owners_counts CHECK (((conversation_count >= 0) AND (archived_count >= 0)));
alter table owners add constraint owners_kind CHECK ((kind = ANY (ARRAY['user'::text, 'session'::text])));
alter table passages add constraint passages_pkey PRIMARY KEY (docs, path, "position");
alter table passages add constraint passages_document FOREIGN KEY (docs, path) REFERENCES documents(docs, path) ON UPDATE CASCADE ON DELETE CASCADE;
alter table passages add constraint passages_not_empty CHECK ((text <> ''::text));
alter table passages add constraint passages_position CHECK (("position" > 0));
alter table queued_questions add constraint queued_questions_pkey PRIMARY KEY (owner_id, conversation_id, place);
alter table queued_questions add constraint queued_questions_conversation FOREIGN KEY (owner_id, conversation_id) REFERENCES conversations(owner_id, id) ON UPDATE CASCADE ON DELETE CASCADE;
alter table rate_limits add constraint rate_limits_pkey PRIMARY KEY (key);
alter table releases add constraint releases_pkey PRIMARY KEY (functions);
alter table running_turns add constraint running_turns_pkey PRIMARY KEY (owner_id, conversation_id);
alter table running_turns add constraint running_turns_conversation FOREIGN KEY (owner_id, conversation_id) REFERENCES conversations(owner_id, id) ON UPDATE CASCADE ON DELETE CASCADE;
alter table running_turns add constraint running_turns_status CHECK (((status = 'running'::text) AND (settled_at IS NULL)));
alter table secrets add constraint secrets_pkey PRIMARY KEY (name);
alter table segments add constraint segments_pkey PRIMARY KEY (owner_id, conversation_id, first_seq);
alter table segments add constraint segments_conversation FOREIGN KEY (owner_id, conversation_id) REFERENCES conversations(owner_id, id) ON UPDATE CASCADE ON DELETE CASCADE;
alter table segments add constraint segments_order CHECK (((parent_seq >= 0) AND (parent_seq < first_seq) AND (depth > 0)));
alter table shares add constraint shares_pkey PRIMARY KEY (owner_id, id);
alter table shares add constraint shares_conversation FOREIGN KEY (owner_id, conversation_id) REFERENCES conversations(owner_id, id) ON UPDATE CASCADE ON DELETE CASCADE;
alter table shares add constraint shares_hash CHECK ((octet_length(hash) = 32));
alter table summaries add constraint summaries_pkey PRIMARY KEY (owner_id, conversation_id, to_seq);
alter table summaries add constraint summaries_conversation FOREIGN KEY (owner_id, conversation_id) REFERENCES conversations(owner_id, id) ON UPDATE CASCADE ON DELETE CASCADE;
alter table summaries add constraint summaries_range CHECK (((from_seq > 0) AND (to_seq >= from_seq)));
alter table terms add constraint terms_pkey PRIMARY KEY (docs, term);
alter table terms add constraint terms_docs FOREIGN KEY (docs) REFERENCES docs(name) ON UPDATE CASCADE ON DELETE CASCADE;
alter table terms add constraint terms_count CHECK ((passage_count > 0));
alter table title_words add constraint title_words_pkey PRIMARY KEY (owner_id, conversation_id);
alter table title_words add constraint title_words_conversation FOREIGN KEY (owner_id, conversation_id) REFERENCES conversations(owner_id, id) ON UPDATE CASCADE ON DELETE CASCADE;
alter table turn_contexts add constraint turn_contexts_pkey PRIMARY KEY (owner_id, turn_id);
alter table turn_contexts add constraint turn_contexts_turn FOREIGN KEY (owner_id, turn_id) REFERENCES turns(owner_id, id) ON UPDATE CASCADE ON DELETE CASCADE;
alter table turn_events add constraint turn_events_pkey PRIMARY KEY (owner_id, turn_id, seq, partition);
alter table turns add constraint turns_pkey PRIMARY KEY (owner_id, id);
alter table turns add constraint turns_conversation FOREIGN KEY (owner_id, conversation_id) REFERENCES conversations(owner_id, id) ON UPDATE CASCADE ON DELETE CASCADE;
alter table turns add constraint turns_settled CHECK (((status <> 'running'::text) AND (settled_at IS NOT NULL))) NOT VALID;
alter table turns add constraint turns_status CHECK ((status = ANY (ARRAY['running'::text, 'waiting'::text, 'complete'::text, 'stopped'::text, 'interrupted'::text, 'failed'::text]))) NOT VALID;
alter table unindexed_conversations add constraint unindexed_conversations_pkey PRIMARY KEY (owner_id, conversation_id);
alter table unindexed_conversations add constraint unindexed_conversations_conversation FOREIGN KEY (owner_id, conversation_id) REFERENCES conversations(owner_id, id) ON UPDATE CASCADE ON DELETE CASCADE;
alter table unindexed_titles add constraint unindexed_titles_pkey PRIMARY KEY (owner_id, conversation_id);
alter table unindexed_titles add constraint unindexed_titles_conversation FOREIGN KEY (owner_id, conversation_id) REFERENCES conversations(owner_id, id) ON UPDATE CASCADE ON DELETE CASCADE;
alter table usage_days add constraint usage_days_pkey PRIMARY KEY (owner_id, day, model, slot);
alter table usage_days add constraint usage_days_owner FOREIGN KEY (owner_id) REFERENCES owners(id) ON DELETE CASCADE;

-- Indexes
CREATE INDEX audit_owner ON chatkeep.audit USING btree (owner_id, id);
CREATE INDEX conversations_active ON chatkeep.conversations USING btree (owner_id, archived, active_no) WHERE (deleted_at IS NULL);
CREATE INDEX conversations_any_owner ON chatkeep.conversations USING btree (id);
CREATE INDEX conversations_created ON chatkeep.conversations USING btree (owner_id, (
CASE
    WHEN (deleted_at IS NOT NULL) THEN 2
    WHEN archived THEN 1
    ELSE 0
END), created_no);
CREATE UNIQUE INDEX conversations_default ON chatkeep.conversations USING btree (owner_id, scope) WHERE (is_default AND (deleted_at IS NULL));
CREATE INDEX conversations_deleted ON chatkeep.conversations USING btree (owner_id, active_no) WHERE (deleted_at IS NOT NULL);
CREATE INDEX conversations_due ON chatkeep.conversations USING btree ((
CASE
    WHEN (purged_seq < cleared_seq) THEN '-infinity'::timestamp with time zone
    ELSE deleted_at
END)) WHERE ((purged_seq < cleared_seq) OR (deleted_at IS NOT NULL));
CREATE INDEX conversations_expiring ON chatkeep.conversations USING btree (expires_at) WHERE (expires_at IS NOT NULL);
CREATE INDEX conversations_scope ON chatkeep.conversations USING btree (owner_id, scope, archived, active_no) WHERE ((deleted_at IS NULL) AND (scope IS NOT NULL));
CREATE INDEX conversations_waiting ON chatkeep.conversations USING btree (owner_id, archived, active_no) WHERE ((deleted_at IS NULL) AND (waiting_turn IS NOT NULL));
CREATE INDEX deleted_messages_due ON chatkeep.deleted_messages USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);
CREATE INDEX deleted_messages_id ON chatkeep.deleted_messages USING btree (owner_id, id, conversation_id) WHERE (id IS NOT NULL);
CREATE INDEX document_versions_path ON chatkeep.document_versions USING btree (docs, path, id);
CREATE INDEX file_uses_file ON chatkeep.file_uses USING btree (file_id, owner_id);
CREATE INDEX files_created ON chatkeep.files USING btree (owner_id, created_at, id);
CREATE INDEX files_unused ON chatkeep.files USING btree (unused_since) WHERE (unused_since IS NOT NULL);
CREATE INDEX handles_any_owner ON chatkeep.handles USING btree (hash);
CREATE INDEX handles_of_conversation ON chatkeep.handles USING btree (owner_id, conversation_id);
CREATE INDEX idempotency_keys_sent ON chatkeep.idempotency_keys USING btree (sent_at);
CREATE INDEX message_words_message_no ON chatkeep.message_words USING btree (owner_id, message_no);
CREATE INDEX message_words_words ON chatkeep.message_words USING gin (owner_id, words) WITH (fastupdate='on', gin_pending_list_limit='512');
CREATE INDEX messages_old_parts ON chatkeep.messages USING btree (owner_id, conversation_id, seq) WHERE (parts_version < 2);
CREATE INDEX objects_due ON chatkeep.objects USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX owners_idle ON chatkeep.owners USING btree (active_at) WHERE (kind = 'session'::text);
CREATE INDEX passages_search ON chatkeep.passages USING gin (search) WITH (fastupdate=off);
CREATE INDEX queued_questions_due ON chatkeep.queued_questions USING btree (owner_id, conversation_id) WHERE (NOT is_held);
CREATE INDEX rate_limits_expired ON chatkeep.rate_limits USING btree (expires_at);
CREATE UNIQUE INDEX running_turns_node ON chatkeep.running_turns USING btree (node_id, id);
CREATE UNIQUE INDEX segments_parent ON chatkeep.segments USING btree (owner_id, conversation_id, parent_seq, first_seq);
CREATE INDEX shares_by_hash ON chatkeep.shares USING btree (hash);
CREATE INDEX shares_of_conversation ON chatkeep.shares USING btree (owner_id, conversation_id);
CREATE INDEX terms_letters ON chatkeep.terms USING btree (docs, letters) WHERE (letters IS NOT NULL);
CREATE INDEX title_words_words ON chatkeep.title_words USING gin (owner_id, words) WITH (fastupdate='on', gin_pending_list_limit='512');
CREATE INDEX turns_partition ON chatkeep.turns USING btree (partition, settled_at);
CREATE UNIQUE INDEX turns_question ON chatkeep.turns USING btree (owner_id, conversation_id, question_seq, reply_gap);
CREATE INDEX turns_waiting ON chatkeep.turns USING btree (settled_at) WHERE (status = 'waiting'::text);
CREATE INDEX usage_days_day ON chatkeep.usage_days USING btree (((day + 0)));

-- Policies
create policy engine on budgets to chatkeep_engine using (true) with check (true);
create policy owner on budgets to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on checkpoint_values to chatkeep_engine using (true) with check (true);
create policy owner on checkpoint_values to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on checkpoint_writes to chatkeep_engine using (true) with check (true);
create policy owner on checkpoint_writes to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on checkpoints to chatkeep_engine using (true) with check (true);
create policy owner on checkpoints to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on conversations to chatkeep_engine using (true) with check (true);
create policy owner on conversations to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on deleted_messages to chatkeep_engine using (true) with check (true);
create policy owner on deleted_messages to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on file_chunks to chatkeep_engine using (true) with check (true);
create policy owner on file_chunks to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on file_uses to chatkeep_engine using (true) with check (true);
create policy owner on file_uses to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on files to chatkeep_engine using (true) with check (true);
create policy owner on files to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on handles to chatkeep_engine using (true) with check (true);
create policy owner on handles to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on idempotency_keys to chatkeep_engine using (true) with check (true);
create policy owner on idempotency_keys to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on message_words to chatkeep_engine using (true) with check (true);
create policy owner on message_words to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on messages to chatkeep_engine using (true) with check (true);
create policy owner on messages to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on owners to chatkeep_engine using (true) with check (true);
create policy owner on owners to public using (((id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on queued_questions to chatkeep_engine using (true) with check (true);
create policy owner on queued_questions to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on running_turns to chatkeep_engine using (true) with check (true);
create policy owner on running_turns to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on segments to chatkeep_engine using (true) with check (true);
create policy owner on segments to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on shares to chatkeep_engine using (true) with check (true);
create policy owner on shares to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on summaries to chatkeep_engine using (true) with check (true);
create policy owner on summaries to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on title_words to chatkeep_engine using (true) with check (true);
create policy owner on title_words to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on turn_contexts to chatkeep_engine using (true) with check (true);
create policy owner on turn_contexts to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on turn_events to chatkeep_engine using (true) with check (true);
create policy owner on turn_events to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on turns to chatkeep_engine using (true) with check (true);
create policy owner on turns to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on unindexed_conversations to chatkeep_engine using (true) with check (true);
create policy owner on unindexed_conversations to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on unindexed_titles to chatkeep_engine using (true) with check (true);
create policy owner on unindexed_titles to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));
create policy engine on usage_days to chatkeep_engine using (true) with check (true);
create policy owner on usage_days to public using (((owner_id = (NULLIF(current_setting('chatkeep.owner'::text, true), ''::text))::uuid) IS TRUE));

-- Rights
grant usage on activity to chatkeep_store;
grant delete, insert, select, update on budgets to chatkeep_store;
grant delete, insert, select, update on checkpoint_values to chatkeep_store;
grant delete, insert, select, update on checkpoint_writes to chatkeep_store;
grant delete, insert, select, update on checkpoints to chatkeep_store;
grant delete, insert, select, update on conversations to chatkeep_store;
grant delete, insert, select, update on deleted_messages to chatkeep_store;
grant select on event_partition to chatkeep_store;
grant delete, insert, select, update on file_chunks to chatkeep_store;
grant delete, insert, select, update on file_uses to chatkeep_store;
grant delete, insert, select, update on files to chatkeep_store;
grant insert, select, update on handles to chatkeep_store;
grant insert, select, update on idempotency_keys to chatkeep_store;
grant delete, insert, select, update on message_words to chatkeep_store;
grant delete, insert, select, update on messages to chatkeep_store;
grant select on nodes to chatkeep_store;
grant delete, insert, select, update on objects to chatkeep_store;
grant delete, insert, select, update on owners to chatkeep_store;
grant delete, insert, select, update on queued_questions to chatkeep_store;
grant delete, insert, select, update on running_turns to chatkeep_store;
grant delete, insert, select, update on segments to chatkeep_store;
grant delete, insert, select, update on shares to chatkeep_store;
grant delete, insert, select, update on summaries to chatkeep_store;
grant delete, insert, select, update on title_words to chatkeep_store;
grant delete, insert, select, update on turn_contexts to chatkeep_store;
grant delete, insert, select, update on turn_events to chatkeep_store;
grant delete, insert, select, update on turns to chatkeep_store;
grant delete, insert, select, update on unindexed_conversations to chatkeep_store;
grant delete, insert, select, update on unindexed_titles to chatkeep_store;
grant delete, insert, select, update on usage_days to chatkeep_store;

-- Rights on columns

-- Views
create view chatkeep_views.conversations (
  owner_id uuid, -- The owner. owner_of('user', sub, iss) computes it.
  id text, -- The conversation. Unique for one owner.
  owner_kind text, -- 'user' for a signed-in user, 'session' for an anonymous browser.
  scope text, -- The page, chapter or product that the conversation is about.
  scope_label text, -- The name of the scope, for people.
  is_default boolean, -- Whether it is the default conversation of its scope.
  title text, -- The title.
  preview text, -- The beginning of the last message.
  message_count bigint, -- Messages on the current branch.
  pinned_at timestamp with time zone, -- When it was pinned. Null: it is not.
  archived_at timestamp with time zone, -- When it was archived. Null: it is not.
  metadata json, -- The application's own JSON.
  created_at timestamp with time zone, -- When it was created.
  updated_at timestamp with time zone, -- When it was last changed.
  tags text[], -- Its tags. A folder is one.
  expires_at timestamp with time zone, -- When a temporary conversation is deleted. Null: it is not temporary.
); -- Conversations, without those in the trash.

create view chatkeep_views.feedback (
  owner_id uuid, -- The owner of the conversation, who gave it.
  conversation_id text, -- The conversation.
  message_id text, -- The answer.
  turn_id uuid, -- The turn that wrote the answer.
  model text, -- The model that wrote the answer.
  rating text, -- 'up' or 'down'.
  comment text, -- The comment, or null.
  given_at timestamp with time zone, -- When it was given or last changed.
); -- Feedback on answers. Each version of an answer has its own.

create view chatkeep_views.messages (
  owner_id uuid, -- The owner of the conversation.
  conversation_id text, -- The conversation.
  seq bigint, -- The order of arrival: 1, 2, 3, … in each conversation.
  id text, -- The message. Unique in its conversation.
  branch bigint, -- The run of messages that it belongs to: 0 for the first, else the seq at which the run begins.
  is_current boolean, -- Whether it is on the branch that people see.
  role text, -- 'system', 'user', 'assistant' or 'tool'.
  status text, -- 'complete', 'streaming', 'stopped', 'interrupted' or 'failed'.
  content text, -- The text. NUL and halves of an emoji are shown as U+FFFD.
  parts json, -- All parts as JSON: text, reasoning, tool calls and results, citations, files, data.
  turn_id uuid, -- The turn that wrote it.
  model text, -- The model that wrote it.
  usage json, -- The token usage as JSON. The view usage has it in columns.
  error_code text, -- Why the answer failed, such as 'model_error'.
  metadata json, -- The application's own JSON.
  created_at timestamp with time zone, -- When it was stored.
  updated_at timestamp with time zone, -- When it was last changed.
); -- Messages of all branches, without deleted and cleared ones.

create view chatkeep_views.turns (
  owner_id uuid, -- The owner of the conversation.
  id uuid, -- The turn.
  conversation_id text, -- The conversation.
  message_id text, -- The id of the user's message.
  reply_id text, -- The id of the assistant's message.
  status text, -- 'running', 'waiting' (for a person), 'complete', 'stopped', 'interrupted' or 'failed'.
  error_code text, -- Why it failed, such as 'model_error'.
  created_at timestamp with time zone, -- When the question was stored.
  settled_at timestamp with time zone, -- When it was settled. Null: it is running.
); -- Turns: one question and everything that the responder says to it.

create view chatkeep_views.usage (
  owner_id uuid, -- The owner of the conversation.
  conversation_id text, -- The conversation.
  message_id text, -- The answer.
  turn_id uuid, -- The turn that wrote it.
  model text, -- The model that wrote it.
  input_tokens double precision, -- Tokens that the model read.
  output_tokens double precision, -- Tokens that the model wrote.
  total_tokens double precision, -- Tokens in all.
  cost double precision, -- US dollars, where the price of the model is known.
  created_at timestamp with time zone, -- When the answer was stored.
  cached_tokens double precision, -- Of the tokens that the model read, those that its provider had cached.
  reasoning_tokens double precision, -- Of the tokens that the model wrote, those of reasoning.
); -- Tokens and cost of each answer, those of trashed conversations included. The view usage_days adds them up.

create view chatkeep_views.usage_days (
  owner_id uuid, -- The owner.
  day date, -- The day on which the answers were stored, in UTC.
  model text, -- The model. Empty where it is not known.
  answers numeric, -- Answers whose model reported its usage.
  input_tokens numeric, -- Tokens that the model read.
  cached_tokens numeric, -- Of these, tokens that its provider had cached.
  output_tokens numeric, -- Tokens that the model wrote.
  reasoning_tokens numeric, -- Of these, tokens of reasoning.
  total_tokens numeric, -- Tokens in all.
  cost numeric, -- US dollars, where the price of the model is known.
); -- Tokens and cost by owner, day and model, those of deleted conversations included.


-- Functions
create function chatkeep.breaking_version() returns integer language sql security definer set search_path=chatkeep, pg_temp owner chatkeep_engine; -- for everybody
create function chatkeep.check_conversation(id text, scope text, is_default boolean, title text, title_source text, last_seq bigint, cleared_seq bigint, purged_seq bigint, deleted_count bigint, elsewhere_count bigint) returns boolean language plpgsql owner chatkeep_engine; -- for everybody
create function chatkeep.check_message(seq bigint, id text, role text, status text, parts json) returns boolean language plpgsql owner chatkeep_engine; -- for everybody
create function chatkeep.note_title() returns trigger language plpgsql set search_path=chatkeep, pg_temp set enable_seqscan=off owner chatkeep_engine; -- for everybody
create function chatkeep.release_object() returns trigger language plpgsql security definer set search_path=chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep.schema_security() returns text language sql owner chatkeep_engine; -- for everybody
create function chatkeep.schema_version() returns integer language sql security definer set search_path=chatkeep, pg_temp owner chatkeep_engine; -- for everybody
create function chatkeep_functions.ancestor_at(owner uuid, conversation text, leaf bigint, depth bigint) returns bigint language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set plan_cache_mode=force_generic_plan owner chatkeep_store;
create function chatkeep_functions.append_messages(owner uuid, conversation text, parent text, expected_head text, ids text[], roles text[], bodies json[], context_texts text[], intents text[], processed_flags boolean[], models text[], usages json[], metadatas json[], statuses text[], errors json[], created_ats timestamp with time zone[], word_texts text[], new_title text, new_preview text) returns TABLE(message json, parent_id text) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.backfill_search_index(owner uuid, conversation text, seqs bigint[], word_texts text[], next_below bigint) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.begin_embedding(model text) returns integer language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.begin_erasure(owner uuid) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.begin_object(owner uuid, owner_kind text, file uuid, name text, media_type text, object uuid, quota bigint) returns TABLE(stored json, room bigint) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.begin_summary(owner uuid, conversation text, upper_seq bigint, fewest integer, most integer) returns TABLE(summary json, to_seq bigint, messages json) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.begin_turn(owner uuid, conversation text, parent text, node bigint, lease interval, turn_id uuid, message_id text, reply_id text, role text, body json, context_text text, metadata json, word_text text, start_chunk json, new_title text, new_preview text, context_limit integer, expected_head text, asker json, budgets json) returns TABLE(outcome text, turn json, conversation_row json, question json, history json, summary json) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.branch_length(owner uuid, conversation text, leaf bigint) returns bigint language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.branch_of(owner uuid, conversation text, leaf bigint, above_seq bigint, below_seq bigint, wanted bigint) returns TABLE(first_seq bigint, last_seq bigint) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set plan_cache_mode=force_generic_plan owner chatkeep_store;
create function chatkeep_functions.branch_off(owner uuid, conversation text, parent text) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.branch_ranges(owner uuid, conversation text, leaf bigint, below_seq bigint) returns TABLE(firsts bigint[], lasts bigint[], places bigint[]) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.branch_seqs(owner uuid, conversation text, leaf bigint, places bigint[]) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.change_conversations(owner uuid, ids text[], action text, tag text, most_tags integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.check_budgets(owner uuid, defaults json) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.claim_idempotency_key(owner uuid, owner_kind text, digest text, id uuid, attempt integer, waited interval, memory interval) returns uuid language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.claim_message_vectors(number integer, lease interval, page_limit integer) returns TABLE(claimed json, wait_ms bigint) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.claim_passage_vectors(number integer, lease interval, page_limit integer) returns TABLE(claimed json, wait_ms bigint) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.claim_session(owner uuid, session uuid, actor text) returns bigint language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_engine;
create function chatkeep_functions.clear_messages(owner uuid, conversation text) returns bigint language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.close_turn(turn turns, new_status text, new_error json, new_last_event integer) returns turns language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.comparable_json(value json) returns jsonb language sql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.consume_quota(limit_keys text[], spent integer[], windows_ms integer[]) returns TABLE(limit_key text, points integer, left_ms bigint) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.context_messages(owner uuid, conversation text, leaf bigint, cleared bigint, below_seq bigint, context_limit integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set plan_cache_mode=force_generic_plan owner chatkeep_store;
create function chatkeep_functions.continue_turn(owner uuid, conversation text, turn_id uuid, node bigint, lease interval, last_event integer, usage json, is_occupied boolean, context_limit integer) returns TABLE(outcome text, is_suspect boolean, attempt integer, asker json, turn json, conversation_row json, question json, history json, summary json) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.conversation_exists(conversation text) returns boolean language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.conversation_json(owner uuid, conversation text) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.count_branch(owner uuid, conversation text, head bigint, more_deleted bigint) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.count_terms(docs_name text, at_paths text[], sign integer) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.count_usage(owner uuid, model_name text, used json) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.create_conversation(owner uuid, owner_kind text, id text, by_id boolean, scope text, scope_label text, title text, metadata json, tags text[], created_at timestamp with time zone, expires_after interval, reuse_latest boolean, most bigint, hide_others boolean) returns TABLE(created boolean, conversation json) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.create_handle(owner uuid, conversation text, hash text) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.create_share(owner uuid, conversation text, share uuid, hash text, message_id text, is_live boolean, name text, expires_at timestamp with time zone, most integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.delete_checkpoints(owner uuid, conversation text) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.delete_conversation(owner uuid, conversation text) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.delete_file(owner uuid, file uuid, if_unfinished boolean) returns boolean language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.delete_messages(owner uuid, conversation text, ids text[], from_id text) returns TABLE(deleted bigint, head_seq bigint) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.delete_queued_question(owner uuid, conversation text, message_id text) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.delete_share(owner uuid, share uuid) returns boolean language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.delete_turns(owner uuid, conversation text, from_seq bigint, to_seq bigint) returns integer language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.descendants_of(owner uuid, conversation text, seq bigint) returns TABLE(first_seq bigint, last_seq bigint) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.describe_branch(owner uuid, conversation text, head bigint, new_preview text, question_title text) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.drop_unused_releases(grace interval) returns integer language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.due_objects(page_limit integer) returns TABLE(object uuid) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.due_queued_questions(page_limit integer) returns TABLE(owner_id uuid, conversation_id text, turn_id uuid) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_engine;
create function chatkeep_functions.earliest_messages(owner uuid, conversation text, leaf bigint, above_seq bigint, below_seq bigint, page_limit integer) returns TABLE(parent_id text, messages json, forks json) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set plan_cache_mode=force_generic_plan owner chatkeep_store;
create function chatkeep_functions.end_handle(owner uuid, hash text) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.end_running_turn(owner uuid, conversation text) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.end_summary(owner uuid, conversation text, upper_seq bigint, new_body text) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.end_waiting(owner uuid, turn_id uuid) returns void language sql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.erase_batch(owner uuid, page_limit integer) returns TABLE(conversations_erased integer, messages_erased integer, turns_erased integer, files_erased integer) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.erase_file(owner uuid, file uuid, page_limit integer) returns boolean language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.erase_owner(owner uuid, actor text, receipt json) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.expire_quotas() returns bigint language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.expire_waiting(waited interval, reason json, page_limit integer) returns boolean language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.export_conversations(owner uuid, after_no bigint, page_limit integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.export_files(owner uuid, after_id uuid, page_limit integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.export_messages(owner uuid, conversation text, cleared bigint, after_seq bigint, page_limit integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.fence_dead_nodes(node bigint, handover interval, page_limit integer) returns TABLE(owner_id uuid, conversation_id text, turn_id uuid, is_open boolean, is_stopped boolean) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.file_json(owner uuid, file uuid) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.find_handle(owner uuid, hash text) returns TABLE(conversation_id text, active boolean) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.find_share(hash text) returns TABLE(owner_id uuid, owner_kind text, conversation_id text, message_id text, title text, name text, created_at text, expires_at text) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.find_turn(node bigint, turn_id uuid) returns TABLE(owner_id uuid, conversation_id text) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_engine;
create function chatkeep_functions.finish_object(owner uuid, file uuid, purpose text, object uuid, size bigint, digest text, quota bigint) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.finish_turn(t turns, new_status text, body json, new_intent text, new_processed boolean, new_model text, new_usage json, new_error json, new_last_event integer, word_text text, new_preview text) returns turns language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.first_question(owner uuid, conversation text) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.forget_objects(ids uuid[]) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.fork_conversation(owner uuid, conversation text, message_id text, new_id text, new_title text, most bigint) returns bigint language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.forks_of(owner uuid, conversation text, seqs bigint[], has_deleted boolean) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set plan_cache_mode=force_generic_plan owner chatkeep_store;
create function chatkeep_functions.get_branch_ends(owner uuid, conversation text) returns TABLE(head_seq bigint, head json, question json) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.get_checkpoint(owner uuid, conversation text, namespace text, id text) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.get_context(owner uuid, conversation text, parent text, context_limit integer) returns TABLE(summary json, history json) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.get_conversation(owner uuid, conversation text) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.get_document(docs_name text, at_path text) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.get_file(owner uuid, file uuid) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.get_message(owner uuid, conversation text, message_id text) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.get_messages_by_seq(owner uuid, conversations text[], seqs bigint[]) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.get_turn(owner uuid, conversation text, turn_id uuid) returns TABLE(turn json, question json, reply json) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.get_turn_context(owner uuid, conversation text, turn_id uuid) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.get_usage(owner uuid, days integer, defaults json) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.hand_over_turn(node bigint, turn_id uuid) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_engine;
create function chatkeep_functions.handle_exists(hash text) returns boolean language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.hold_node(node bigint, lease interval) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.hold_queued_question(owner uuid, conversation text, message_id text) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.hold_queued_questions(owner uuid, conversation text, message_id text) returns void language sql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.holds_messages(owner uuid, conversation text, ids text[]) returns boolean language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.import_unsaved_turn(owner uuid, conversation text, parent text, turn_id uuid, created text, message_id text, reply_id text, body json, context_text text, metadata json, reply_status text, reply_body json, reply_error json, reply_intent text, reply_processed boolean, reply_model text, reply_usage json, word_text text, reply_word_text text, new_title text, new_preview text) returns TABLE(outcome text, turn json) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.imported_no(written_at timestamp with time zone) returns bigint language sql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.index_message(owner uuid, conversation text, seq bigint, word_text text) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.index_titles(owner uuid, ids text[], titles text[], word_texts text[]) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.latest_leaf(owner uuid, conversation text, seq bigint) returns bigint language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.latest_messages(owner uuid, conversation text, leaf bigint, below_seq bigint, skipped bigint, page_limit integer, most_bytes bigint) returns TABLE(parent_id text, messages json, forks json) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set plan_cache_mode=force_generic_plan owner chatkeep_store;
create function chatkeep_functions.latest_summary(owner uuid, conversation text, leaf bigint, cleared bigint) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.list_checkpoints(owner uuid, conversation text, namespace text, below_id text, last_conversation text, last_namespace text, page_limit integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.list_conversations(owner uuid, only_archived boolean, only_waiting boolean, only_scope text, only_tag text, only_metadata json, sort_by text, ascending boolean, after_no bigint, page_offset integer, page_limit integer) returns TABLE(total bigint, conversations json) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_sort=off owner chatkeep_store;
create function chatkeep_functions.list_document_versions(docs_name text, at_path text) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.list_documents(docs_name text) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.list_files(owner uuid, after_id uuid, only_purpose text, ascending boolean, page_limit integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_sort=off owner chatkeep_store;
create function chatkeep_functions.list_queued_questions(owner uuid, conversation text) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.list_shares(owner uuid, only_conversation text) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.list_tags(owner uuid) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.list_trash(owner uuid, before_no bigint, page_limit integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_sort=off owner chatkeep_store;
create function chatkeep_functions.list_versions(owner uuid, conversation text, message_id text) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.lock_conversation(owner uuid, conversation text) returns conversations language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.match_messages(owner uuid, query text, only_conversation text, only_scope text, only_role text, since timestamp with time zone, until timestamp with time zone, page_offset integer, page_limit integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set plan_cache_mode=force_custom_plan owner chatkeep_engine;
create function chatkeep_functions.match_terms(owner uuid, conversation text, firsts bigint[], lasts bigint[], places bigint[], terms text[], most integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set plan_cache_mode=force_custom_plan set enable_sort=off owner chatkeep_engine;
create function chatkeep_functions.match_titles(owner uuid, query text, only_scope text, since timestamp with time zone, until timestamp with time zone, page_limit integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set plan_cache_mode=force_custom_plan set enable_seqscan=off owner chatkeep_engine;
create function chatkeep_functions.messages_to_backfill(owner uuid, conversation text, page_limit integer) returns TABLE(messages json, next_below bigint) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.messages_to_title(owner uuid, conversation text, page_limit integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.messages_with_file(owner uuid, conversation text, leaf text, file uuid) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.near_messages(owner uuid, model text, vector text, only_conversation text, only_scope text, only_role text, since timestamp with time zone, until timestamp with time zone, leaf bigint, below_seq bigint, page_limit integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set plan_cache_mode=force_custom_plan set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.near_passages(docs_name text, model text, vector text, only_path text, page_limit integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set plan_cache_mode=force_custom_plan owner chatkeep_engine;
create function chatkeep_functions.next_active_no(owner uuid, active_no bigint) returns bigint language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_sort=off owner chatkeep_store;
create function chatkeep_functions.next_backfill() returns TABLE(owner_id uuid, conversation_id text) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.next_in_queue(owner uuid, conversation text) returns queued_questions language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.next_old_parts(above_owner uuid, above_conversation text, above_seq bigint, page_limit integer) returns TABLE(owner_id uuid, conversation_id text, seq bigint, id text, parts json) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.next_queued_question(owner uuid, conversation text) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.open_turn(owner uuid, conversation text, parent text, node bigint, turn_id uuid, created text, message_id text, reply_id text, role text, body json, context_text text, metadata json, word_text text, new_title text, new_preview text, expected_head text, asker json) returns TABLE(is_new boolean, turn turns, c conversations, asked messages) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.overview(settled_within interval) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.page_messages(owner uuid, conversation text, leaf text, before_seq bigint, after_seq bigint, page_offset bigint, page_limit integer) returns TABLE(total bigint, parent_id text, running_turn uuid, messages json, forks json) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set plan_cache_mode=force_generic_plan owner chatkeep_store;
create function chatkeep_functions.page_tree(owner uuid, conversation text, before_seq bigint, after_seq bigint, page_limit integer) returns TABLE(total bigint, has_more boolean, messages json) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set plan_cache_mode=force_generic_plan owner chatkeep_store;
create function chatkeep_functions.parent_of(owner uuid, conversation text, seq bigint) returns TABLE(parent_seq bigint, parent_id text) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.placed_message(owner uuid, conversation text, seq bigint) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.postpone_message_vectors(owner uuid, conversations text[], seqs bigint[], pause_ms bigint) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.postpone_passage_vectors(docs text[], paths text[], positions integer[], pause_ms bigint) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.purge_batch(undo interval, session_idle interval, page_limit integer) returns boolean language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.purge_files(page_limit integer) returns boolean language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.purge_messages(owner uuid, conversation text, page_limit integer) returns TABLE(done boolean, messages_purged integer, turns_purged integer) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.put_checkpoint(owner uuid, conversation text, namespace text, id text, parent_id text, body json, metadata json, channels text[], versions text[], value_channels text[], value_versions text[], base_versions text[], value_bodies json[]) returns boolean language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.put_checkpoint_writes(owner uuid, conversation text, namespace text, checkpoint_id text, task_path text, task_id text, nos integer[], channels text[], bodies json[]) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.put_documents(docs_name text, paths text[], positions integer[], titles text[], hashes text[], sources text[], passage_documents integer[], passage_sections text[], passage_anchors text[], passage_contexts text[], passage_texts text[], heading_words text[], context_words text[], text_words text[]) returns integer language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.put_message_vectors(owner uuid, number integer, conversations text[], seqs bigint[], vectors text[]) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.put_passage_vectors(number integer, docs text[], paths text[], positions integer[], vectors text[]) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.question_terms(docs_name text, question text[], background text[]) returns TABLE(asked boolean, weight double precision, query tsquery) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.queue_question(owner uuid, conversation text, turn_id uuid, message_id text, reply_id text, parent text, body json, context_text text, metadata json, asker json, steers boolean, is_new boolean, most integer, most_length bigint) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.read_budgets(owner uuid, defaults json) returns TABLE(unit text, period text, most numeric, used numeric, renews_at timestamp with time zone) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.read_events(owner uuid, conversation text, turn_id uuid, after_seq integer, seen_attempt integer, page_limit integer) returns TABLE(status text, last_event integer, is_left boolean, attempt integer, is_ahead boolean, events json) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set plan_cache_mode=force_generic_plan owner chatkeep_store;
create function chatkeep_functions.read_file(owner uuid, file uuid, start bigint, length integer) returns TABLE(bytes bytea, object uuid, size bigint) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.recall_words(owner uuid, conversation text, leaf bigint, terms text[], below_seq bigint, most integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.recalled_messages(owner uuid, conversation text, leaf bigint, below_seq bigint, seqs bigint[], reach integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.record_audit(owner uuid, actor text, action text, details json) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.refuse_conversation(owner uuid, conversation text) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.register_node(lease interval, continues boolean) returns bigint language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.register_release() returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.release_files(owner uuid, conversation text, is_over boolean) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.release_node(node bigint) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_engine;
create function chatkeep_functions.remove_documents(docs_name text, kept text[]) returns integer language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.renew_parts(owner uuid, conversation text, seqs bigint[], bodies json[]) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.restore_conversation(owner uuid, conversation text) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.restore_messages(owner uuid, conversation text, ids text[]) returns TABLE(restored bigint, head_seq bigint) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.rotate_events(grace interval) returns boolean language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.score_texts(docs_name text, question text[], background text[], word_texts text[]) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.search_passages(docs_name text, question text[], background text[], preferred text, only_path text, page_limit integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.search_titles(owner uuid, query text, only_scope text, since timestamp with time zone, until timestamp with time zone, page_limit integer, batch integer) returns TABLE(titles json, unindexed json) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.search_words(owner uuid, query text, only_conversation text, only_scope text, only_role text, since timestamp with time zone, until timestamp with time zone, page_offset integer, page_limit integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.segment_end(owner uuid, conversation text, seq bigint, last_seq bigint) returns bigint language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.segment_jump(owner uuid, conversation text, near_first bigint, near_last bigint) returns TABLE(first_seq bigint, last_seq bigint) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.select_turn(owner uuid, conversation text, turn_id uuid) returns turns language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.set_budgets(owner uuid, owner_kind text, tokens_per_day bigint, tokens_per_month bigint, cost_per_day double precision, cost_per_month double precision) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.set_feedback(owner uuid, conversation text, message_id text, rating text, comment text) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.set_generated_title(owner uuid, conversation text, new_title text) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.set_head(owner uuid, conversation text, message_id text) returns bigint language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.settle_turn(owner uuid, conversation text, turn_id uuid, node bigint, new_status text, body json, new_intent text, new_processed boolean, new_model text, new_usage json, new_error json, new_context json, event_seqs integer[], event_chunks json[], word_text text, new_preview text) returns boolean language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.share_json(share shares) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.stop_beginning(owner uuid, conversation text) returns uuid language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.stop_turn(owner uuid, conversation text, turn_id uuid) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.sum_usage(days integer) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.take_queued_question(owner uuid, conversation text, turn_id uuid, message_id text, is_waiting boolean) returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_store;
create function chatkeep_functions.term_letters(term text) returns text language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.term_weight(total double precision, held double precision) returns double precision language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.token_key() returns text language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.try_write() returns void language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set work_mem=64kB owner chatkeep_engine;
create function chatkeep_functions.untracked_turns(node bigint, known uuid[]) returns TABLE(owner_id uuid, conversation_id text, turn_id uuid) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set enable_seqscan=off owner chatkeep_engine;
create function chatkeep_functions.update_conversation(owner uuid, conversation text, fields text[], new_title text, question_title text, new_pinned boolean, new_archived boolean, new_metadata json, new_tags text[]) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.use_files(owner uuid, conversation text, message_id text, files uuid[]) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
create function chatkeep_functions.versions_of(owner uuid, conversation text, parent bigint) returns bigint[] language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set plan_cache_mode=force_generic_plan owner chatkeep_store;
create function chatkeep_functions.word_places(words tsvector, wanted tsquery) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_engine;
create function chatkeep_functions.write_events(node bigint, lease interval, turn_ids uuid[], owner_ids uuid[], seqs integer[], chunks json[]) returns TABLE(turn_id uuid, is_gone boolean, is_stopped boolean, is_steered boolean, is_moved boolean) language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp set plan_cache_mode=force_generic_plan set enable_seqscan=off owner chatkeep_engine;
create function chatkeep_functions.write_file(owner uuid, owner_kind text, file uuid, name text, media_type text, purpose text, start bigint, bytes bytea, digest text, quota bigint) returns json language plpgsql security definer set search_path=chatkeep_functions, chatkeep, pg_temp owner chatkeep_store;
