-- Indexes messages of releases without an index, and records that those below `next_below` are next (0: none is left).
-- Idempotent: indexed messages stay as they are. Across conversations they are ordered by their time, before all messages
-- with a number of the sequence, because no other order was stored.
create function backfill_search_index(
  owner uuid,
  conversation text,
  seqs bigint[],
  word_texts text[],
  next_below bigint
) returns void
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
begin
  perform set_config('chatkeep.owner', owner::text, true);
  -- As every writer of words does, so that no message is replaced meanwhile.
  perform 1 from conversations c where c.owner_id = owner and c.id = conversation for no key update;
  insert into message_words (owner_id, conversation_id, seq, message_no, size, words, role, created_at)
  select
    owner, conversation, m.seq,
    -- In microseconds, less than 0 until the year 2255.
    (extract(epoch from m.created_at) * 1e6)::bigint - 9000000000000000,
    cardinality(string_to_array(given.word_text, ' ')), to_tsvector('message_words', given.word_text), m.role, m.created_at
  from unnest(seqs, word_texts) given (seq, word_text)
  join messages m on m.owner_id = owner and m.conversation_id = conversation and m.seq = given.seq
  where given.word_text <> '' and m.status <> 'streaming'
  on conflict do nothing;
  if next_below > 0 then
    update unindexed_conversations u set below_seq = least(u.below_seq, next_below)
    where u.owner_id = owner and u.conversation_id = conversation;
  else
    delete from unindexed_conversations u where u.owner_id = owner and u.conversation_id = conversation;
  end if;
end
$$;
