-- Questions that were asked while an answer was given, to be answered after it (docs/decisions/0085).
create table queued_questions (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  place bigint not null,
  -- Of the turn that will answer it, and its answer.
  turn_id uuid not null,
  reply_id text collate "C" not null,
  message_id text collate "C" not null,
  -- As begin_turn takes it: null for the head, empty for the beginning.
  parent text collate "C",
  body json not null,
  context_text text,
  metadata json,
  -- Who asked, as in running_turns.
  asker json not null,
  -- Whether it is answered before the others, and the running answer may end for it.
  steers boolean not null,
  -- Whether it waits for its owner to send it again: the answer before it was stopped.
  is_held boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  constraint queued_questions_pkey primary key (owner_id, conversation_id, place),
  constraint queued_questions_conversation foreign key (owner_id, conversation_id)
    references conversations (owner_id, id) on delete cascade on update cascade
);
-- What somebody has to begin. What is held may stay for as long as its conversation.
create index queued_questions_due on queued_questions (owner_id, conversation_id) where not is_held;

alter table queued_questions enable row level security;
alter table queued_questions force row level security;
create policy owner on queued_questions
  using ((owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid) is true);
do $$
begin
  if schema_security() = 'roles' then
    grant select, insert, update, delete on queued_questions to chatkeep_store;
    create policy engine on queued_questions to chatkeep_engine using (true) with check (true);
  else
    create policy engine on queued_questions
      using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
  end if;
end
$$;
