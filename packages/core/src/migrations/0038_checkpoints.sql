-- The state of agents' graphs: a thread is a conversation.
create table checkpoints (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  -- The path of a subgraph; empty for the graph itself.
  namespace text collate "C" not null,
  -- In the order in which checkpoints were made.
  id text collate "C" not null,
  parent_id text collate "C",
  body json not null,
  metadata json not null,
  -- The versions of the channels, by which their values are found.
  channels text[] collate "C" not null,
  versions text[] collate "C" not null,
  constraint checkpoints_pkey primary key (owner_id, conversation_id, namespace, id),
  constraint checkpoints_conversation foreign key (owner_id, conversation_id)
    references conversations (owner_id, id) on delete cascade on update cascade
);

-- A channel's value in one version: whole, or as the difference to an earlier version.
create table checkpoint_values (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  namespace text collate "C" not null,
  channel text collate "C" not null,
  version text collate "C" not null,
  base_version text collate "C",
  body json not null,
  constraint checkpoint_values_pkey primary key (owner_id, conversation_id, namespace, channel, version),
  constraint checkpoint_values_conversation foreign key (owner_id, conversation_id)
    references conversations (owner_id, id) on delete cascade on update cascade
);

-- What a task wrote on top of a checkpoint. It may be written before the checkpoint is.
create table checkpoint_writes (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  namespace text collate "C" not null,
  checkpoint_id text collate "C" not null,
  task_path text collate "C" not null,
  task_id text collate "C" not null,
  -- Below 0 for an error, an interrupt or what resumes it: a later one takes its place.
  no integer not null,
  channel text collate "C" not null,
  body json not null,
  constraint checkpoint_writes_pkey primary key (owner_id, conversation_id, namespace, checkpoint_id, task_id, no),
  constraint checkpoint_writes_conversation foreign key (owner_id, conversation_id)
    references conversations (owner_id, id) on delete cascade on update cascade
);

alter table checkpoints enable row level security;
alter table checkpoints force row level security;
create policy owner on checkpoints using ((owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid) is true);
alter table checkpoint_values enable row level security;
alter table checkpoint_values force row level security;
create policy owner on checkpoint_values
  using ((owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid) is true);
alter table checkpoint_writes enable row level security;
alter table checkpoint_writes force row level security;
create policy owner on checkpoint_writes
  using ((owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid) is true);
do $$
begin
  if schema_security() = 'roles' then
    grant select, insert, update, delete on checkpoints, checkpoint_values, checkpoint_writes to chatkeep_store;
    create policy engine on checkpoints to chatkeep_engine using (true) with check (true);
    create policy engine on checkpoint_values to chatkeep_engine using (true) with check (true);
    create policy engine on checkpoint_writes to chatkeep_engine using (true) with check (true);
  else
    create policy engine on checkpoints
      using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
    create policy engine on checkpoint_values
      using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
    create policy engine on checkpoint_writes
      using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
  end if;
end
$$;
