--! breaking
-- The words of the field: a book is docs, its chapters are documents. Names alone change, so no table of messages is
-- read. Nodes of an older release find neither docs nor messages until they are replaced.
alter table books rename to docs;
alter table docs rename constraint books_pkey to docs_pkey;
alter table docs rename constraint books_counts to docs_counts;

alter table chapters rename to documents;
alter table documents rename column book to docs;
alter table documents rename constraint chapters_pkey to documents_pkey;
alter table documents rename constraint chapters_book to documents_docs;

alter table chapter_versions rename to document_versions;
alter table document_versions rename column book to docs;
alter table document_versions rename constraint chapter_versions_pkey to document_versions_pkey;
alter table document_versions rename constraint chapter_versions_book to document_versions_docs;
alter index chapter_versions_path rename to document_versions_path;
alter sequence chapter_versions_id_seq rename to document_versions_id_seq;

alter table passages rename column book to docs;
alter table passages rename constraint passages_chapter to passages_document;

alter table terms rename column book to docs;
alter table terms rename constraint terms_book to terms_docs;

alter table message_words rename column said_no to message_no;
alter index message_words_said rename to message_words_message_no;

-- What had the default name keeps it, as the default is now, with its documents and their versions.
alter table documents drop constraint documents_docs, add constraint documents_docs
  foreign key (docs) references docs (name) on delete cascade on update cascade;
alter table document_versions drop constraint document_versions_docs, add constraint document_versions_docs
  foreign key (docs) references docs (name) on delete cascade on update cascade;
alter table passages drop constraint passages_document, add constraint passages_document
  foreign key (docs, path) references documents (docs, path) on delete cascade on update cascade;
alter table terms drop constraint terms_docs, add constraint terms_docs
  foreign key (docs) references docs (name) on delete cascade on update cascade;

-- The tables of embeddings are made where the server has pgvector, so they may be there or not.
do $$
begin
  if to_regclass('passage_vectors') is not null then
    alter table passage_vectors rename column book to docs;
    alter table passage_vectors drop constraint passage_vectors_passage, add constraint passage_vectors_passage
      foreign key (docs, path, position) references passages (docs, path, position)
      on delete cascade on update cascade;
  end if;
  update docs set name = 'docs' where name = 'book';
end
$$;
