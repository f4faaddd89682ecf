-- Finds the words of a question in a conversation of the owner; see match_terms. Null when it is not the owner's.
create function recall_words(owner uuid, conversation text, terms text[], below_seq bigint, most integer)
returns json
language plpgsql security definer set search_path from current as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  if not exists (
    select from conversations c where c.owner_id = owner and c.id = conversation and c.deleted_at is null
  ) then
    return null;
  end if;
  return match_terms(owner, conversation, terms, below_seq, most);
end
$$;
