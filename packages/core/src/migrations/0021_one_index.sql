--! breaking
-- Passages are cut into words as messages are, by the node that reads the docs (search/words.ts). A passage keeps its
-- terms until its document is read again. Nodes of an older release find it too, but they can put no documents.
alter table passages alter column search drop expression;
alter text search dictionary book_stem rename to word_stem;

-- A term is compared by its letters to correct a typing error. Null: it is never taken for another one.
alter table terms add column letters text collate "C";
update terms set letters = lower(regexp_replace(normalize(term, nfkd), '[\u0300-\u036f]', '', 'g'))
where term !~ '[0-9\u0e00-\U0010ffff]';
create index terms_letters on terms (docs, letters) where letters is not null;
