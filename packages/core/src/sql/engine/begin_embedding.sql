-- Sets the model of all vectors from now on and returns its number; null where the schema has no vectors. A new model
-- embeds everything again, and nodes with the previous model stop embedding.
create function begin_embedding(model text) returns integer
language plpgsql security definer set search_path from current as $$
begin
  if to_regclass('message_vectors') is null then
    return null;
  end if;
  update vector_model v set
    name = model, number = v.number + 1,
    noted_owner = '00000000-0000-0000-0000-000000000000', noted_conversation = '', noted_seq = 0
  where v.name <> model;
  if found then
    update passage_vectors p set due_at = clock_timestamp();
  end if;
  return (select v.number from vector_model v);
end
$$;
