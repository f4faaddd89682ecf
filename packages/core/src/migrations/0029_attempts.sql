-- A turn whose node is gone is continued by another one (docs/decisions/0070).
alter table turns
  -- The attempts before the last, oldest first, each as it ended; null: the first ended the turn.
  add column attempts jsonb;
alter table running_turns
  add column attempts jsonb,
  -- Who asked, for the responder of a later attempt, without the secret of a session; null: its responder cannot
  -- continue an answer.
  add column asker json,
  -- When its node died or handed it over. A turn that was handed over has the node 0.
  add column left_at timestamptz;
alter table nodes
  -- Whether its responder can continue an answer.
  add column continues boolean not null default false;
