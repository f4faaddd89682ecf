-- Releases claimed passages, as `postpone_message_vectors` does messages.
create function postpone_passage_vectors(docs text[], paths text[], positions integer[], pause_ms bigint)
returns void
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
begin
  if to_regclass('passage_vectors') is null then
    return;
  end if;
  update passage_vectors v set due_at = clock_timestamp() + pause_ms * interval '1 millisecond'
  from unnest(docs, paths, positions) given (docs, path, place)
  where v.docs = given.docs and v.path = given.path and v.position = given.place;
end
$$;
