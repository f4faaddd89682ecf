-- When a person asked what is to be answered sooner: the responder may end its answer for it (docs/decisions/0086).
alter table running_turns add column steered_at timestamptz;
