-- What the owner thinks of an answer: `rating`, `comment`, and `at`, when it was given. A column, so that it is moved, deleted, restored,
-- exported and erased with its message.
alter table messages add column feedback json;
