-- For what a client of OpenAI's stores a file. A file with a purpose is kept until it is deleted.
alter table files add column purpose text;
create index files_created on files (owner_id, created_at, id);
