-- Whether the owner's conversation holds messages with all of these ids: then who sends them sends them
-- again (law 3).
create function holds_messages(owner uuid, conversation text, ids text[]) returns boolean
language plpgsql security definer set search_path from current as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  return not exists (
    select from unnest(ids) as given (id)
    where not exists (
      select from messages m, conversations c
      where c.owner_id = owner and c.id = conversation and c.deleted_at is null
        and m.owner_id = owner and m.conversation_id = conversation and m.id = given.id and m.seq > c.cleared_seq
    )
  );
end
$$;
