-- A folder is a tag too.
alter table conversations add column tags text[] collate "C" not null default '{}';
