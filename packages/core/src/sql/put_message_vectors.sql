-- Stores the vectors of messages, as text ([0.1,0.2]), if their model is still in use. A message that was deleted
-- meanwhile has no row, and its vector is dropped.
create function put_message_vectors(
  owner uuid,
  number integer,
  conversations text[],
  seqs bigint[],
  vectors text[]
) returns void
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
begin
  perform set_config('chatkeep.owner', owner::text, true);
  if to_regclass('message_vectors') is null then
    return;
  end if;
  update message_vectors v set
    model_number = number, embedding = given.vector::halfvec, code = binary_quantize(given.vector::halfvec),
    due_at = null
  from unnest(conversations, seqs, vectors) given (conversation, seq, vector)
  where v.owner_id = owner and v.conversation_id = given.conversation and v.seq = given.seq
    and number = (select k.number from vector_model k);
end
$$;
