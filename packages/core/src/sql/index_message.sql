-- Indexes a message, in the transaction that writes it. `word_text` holds its words as `search/words.ts` cuts them.
create function index_message(owner uuid, conversation text, seq bigint, word_text text) returns void
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
begin
  if word_text <> '' then
    insert into message_words (owner_id, conversation_id, seq, size, words, role, created_at)
    select
      owner, conversation, seq, cardinality(string_to_array(word_text, ' ')), to_tsvector('message_words', word_text),
      m.role, m.created_at
    from messages m where m.owner_id = owner and m.conversation_id = conversation and m.seq = seq;
  end if;
end
$$;
