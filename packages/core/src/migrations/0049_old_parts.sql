-- Messages whose parts are of an older version: the janitor renews them, and then none is left.
create index messages_old_parts on messages (owner_id, conversation_id, seq) where parts_version < 2;
