-- Finds the words of a question on the branch of a conversation that ends with `leaf` (null: the head); see
-- match_terms. Null when the conversation is not the owner's.
create function recall_words(owner uuid, conversation text, leaf bigint, terms text[], below_seq bigint, most integer)
returns json
language plpgsql security definer set search_path from current as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  if not exists (
    select from conversations c where c.owner_id = owner and c.id = conversation and c.deleted_at is null
  ) then
    return null;
  end if;
  return (
    select match_terms(owner, conversation, b.firsts, b.lasts, b.places, terms, most)
    from branch_ranges(owner, conversation, leaf, below_seq) b
  );
end
$$;
