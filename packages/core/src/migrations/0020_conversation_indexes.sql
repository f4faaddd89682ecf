-- One index in the order of creation instead of two, of which one left out what is deleted, and an export needs that:
-- a question in another conversation than the latest writes its row again into each (docs/decisions/0049).
drop index conversations_all;
drop index conversations_created;
create index conversations_created on conversations (
  owner_id, (case when deleted_at is not null then 2 when archived then 1 else 0 end), created_no
);
