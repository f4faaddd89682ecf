-- Who did what to whose data, and when: for operators, without a word of any conversation.
create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  owner_id uuid not null,
  actor text not null,
  action text not null,
  details json,
  constraint audit_action check (action in ('claim', 'export', 'erase', 'act'))
);
create index audit_owner on audit (owner_id, id);

-- The points that an owner or an address has spent of its limits, shared by all nodes.
create unlogged table rate_limits (
  key text collate "C" primary key,
  points integer not null,
  expires_at timestamptz not null
);
create index rate_limits_expired on rate_limits (expires_at);

-- The trash, by last activity.
create index conversations_deleted on conversations (owner_id, active_no) where deleted_at is not null;
-- An export walks all of an owner's, whatever their state.
create index conversations_all on conversations (owner_id, created_no);
