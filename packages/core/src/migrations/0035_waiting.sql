-- An answer that a person goes on with, by an approval or the result of a client's tool, is `waiting` (docs/decisions/0078).
alter table turns
  drop constraint turns_status,
  -- "Not valid": the rule before implies it.
  add constraint turns_status
    check (status in ('running', 'waiting', 'complete', 'stopped', 'interrupted', 'failed')) not valid;
-- What expires. Settling any other turn does not touch it.
create index turns_waiting on turns (settled_at) where status = 'waiting';
-- The turn that waits: of the last answer, because a question takes the place of what waited before it.
alter table conversations add column waiting_turn uuid;
create index conversations_waiting on conversations (owner_id, archived, active_no)
  where deleted_at is null and waiting_turn is not null;
