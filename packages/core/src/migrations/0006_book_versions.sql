-- Chapters as they were before they changed or went, so that what was cited of them can still be opened.
create table chapter_versions (
  id bigint generated always as identity primary key,
  book text collate "C" not null,
  path text collate "C" not null,
  title text not null,
  source text not null,
  replaced_at timestamptz not null default clock_timestamp(),
  constraint chapter_versions_book foreign key (book) references books (name) on delete cascade
);
create index chapter_versions_path on chapter_versions (book, path, id);
