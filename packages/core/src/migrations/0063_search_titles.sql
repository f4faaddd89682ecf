-- Who wrote a message and when, beside its words, so that a search by role or time need not read the message: a lookup for
-- each match made it 5 to 20 times slower. Null for messages of earlier releases, which are looked up.
alter table message_words add column role text, add column created_at timestamp with time zone;

-- The words of titles. A search first indexes the titles that changed since the last one.
create table title_words (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  words tsvector not null,
  constraint title_words_pkey primary key (owner_id, conversation_id),
  constraint title_words_conversation foreign key (owner_id, conversation_id)
    references conversations (owner_id, id) on delete cascade on update cascade
);

-- Conversations whose title title_words does not hold as it is. A table, because a column of conversations with an index
-- would make the first title write to all their indexes.
create table unindexed_titles (
  owner_id uuid not null,
  conversation_id text collate "C" not null,
  constraint unindexed_titles_pkey primary key (owner_id, conversation_id),
  constraint unindexed_titles_conversation foreign key (owner_id, conversation_id)
    references conversations (owner_id, id) on delete cascade on update cascade
);

-- Whichever function sets a title, of whichever release.
create function note_title() returns trigger language plpgsql set search_path from current
set enable_seqscan = off as $$
begin
  if new.title is null then
    delete from title_words t where t.owner_id = new.owner_id and t.conversation_id = new.id;
    delete from unindexed_titles u where u.owner_id = new.owner_id and u.conversation_id = new.id;
  else
    insert into unindexed_titles values (new.owner_id, new.id) on conflict do nothing;
  end if;
  return null;
end
$$;
create trigger conversations_title_given after insert on conversations
  for each row when (new.title is not null) execute function note_title();
create trigger conversations_title_changed after update of title on conversations
  for each row when (new.title is distinct from old.title) execute function note_title();
insert into unindexed_titles select c.owner_id, c.id from conversations c where c.title is not null
on conflict do nothing;

alter table title_words enable row level security;
alter table title_words force row level security;
create policy owner on title_words using ((owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid) is true);
alter table unindexed_titles enable row level security;
alter table unindexed_titles force row level security;
create policy owner on unindexed_titles
  using ((owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid) is true);
do $$
begin
  if schema_security() = 'roles' then
    grant select, insert, update, delete on title_words, unindexed_titles to chatkeep_store;
    create policy engine on title_words to chatkeep_engine using (true) with check (true);
    create policy engine on unindexed_titles to chatkeep_engine using (true) with check (true);
  else
    create policy engine on title_words
      using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
    create policy engine on unindexed_titles
      using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
  end if;
  -- As the index of message_words.
  if exists (select from pg_extension where extname = 'btree_gin') then
    create index title_words_words on title_words using gin (owner_id, words)
      with (fastupdate = on, gin_pending_list_limit = 512);
  else
    create index title_words_words on title_words using gin (words)
      with (fastupdate = on, gin_pending_list_limit = 512);
  end if;
end
$$;
