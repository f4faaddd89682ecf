-- Stores the vectors of passages, as `put_message_vectors` does those of messages.
create function put_passage_vectors(
  number integer,
  docs text[],
  paths text[],
  positions integer[],
  vectors text[]
) returns void
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
begin
  if to_regclass('passage_vectors') is null then
    return;
  end if;
  update passage_vectors v set
    model_number = number, embedding = given.vector::halfvec, code = binary_quantize(given.vector::halfvec),
    due_at = null
  from unnest(docs, paths, positions, vectors) given (docs, path, place, vector)
  where v.docs = given.docs and v.path = given.path and v.position = given.place
    and number = (select k.number from vector_model k);
end
$$;
