-- Books: chapters, their passages, and the statistics that rank them. They belong to no owner, so no
-- row-level security stands on them.

-- English word forms are folded; words of other languages pass all but unchanged, on both sides of the
-- comparison, so they are found as with `simple`. Unlike `english` it keeps stop words: "when the database
-- is down" would be nothing but "database" without them, and ranking makes little of common words anyway.
create text search dictionary book_stem (template = pg_catalog.snowball, language = english);
create text search configuration book_words (copy = pg_catalog.english);
alter text search configuration book_words
  alter mapping replace pg_catalog.english_stem with book_stem;

create table books (
  name text collate "C" not null,
  -- Counters, so that ranking costs no count: passages, and the terms in all of them.
  passage_count bigint not null default 0,
  term_count bigint not null default 0,
  constraint books_pkey primary key (name),
  constraint books_counts check (passage_count >= 0 and term_count >= 0)
);

create table chapters (
  book text collate "C" not null,
  path text collate "C" not null,
  -- Chapters are ordered by it, then by path.
  position integer not null,
  title text not null,
  -- Of the file and of the way it was read: an equal hash means that nothing has to be done.
  hash text not null,
  source text not null,
  constraint chapters_pkey primary key (book, path),
  constraint chapters_book foreign key (book) references books (name) on delete cascade
);

create table passages (
  book text collate "C" not null,
  path text collate "C" not null,
  position integer not null,
  -- The heading; null for what stands under the chapter's title.
  section text,
  anchor text,
  -- The chapter's title and the headings above the section.
  context text not null,
  text text not null,
  -- The parser takes /api/chat, CHATKEEP_BOOK or a.b.c for one word each; without their signs each part
  -- is found.
  search tsvector not null generated always as (
    setweight(to_tsvector('book_words', translate(coalesce(section, context), '/_.:=<>&@\', '          ')), 'A')
    || setweight(to_tsvector('book_words', translate(context, '/_.:=<>&@\', '          ')), 'B')
    || to_tsvector('book_words', translate(text, '/_.:=<>&@\', '          '))
  ) stored,
  constraint passages_pkey primary key (book, path, position),
  constraint passages_chapter foreign key (book, path) references chapters (book, path) on delete cascade,
  constraint passages_position check (position > 0),
  constraint passages_not_empty check (text <> '')
);
-- Without a list of pending entries: books are read far more often than written.
create index passages_search on passages using gin (search) with (fastupdate = off);

-- In how many passages a term stands: what makes a rare one count more.
create table terms (
  book text collate "C" not null,
  term text collate "C" not null,
  passage_count bigint not null,
  constraint terms_pkey primary key (book, term),
  constraint terms_book foreign key (book) references books (name) on delete cascade,
  constraint terms_count check (passage_count > 0)
);
