-- When a temporary conversation is deleted for good. Those are in no list, no search and no counter.
alter table conversations add column expires_at timestamp with time zone;
create index conversations_expiring on conversations (expires_at) where expires_at is not null;
