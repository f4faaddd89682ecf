-- Returns whether the owner's conversation holds messages with all of these ids, which means that a request is a
-- retry.
create function holds_messages(owner uuid, conversation text, ids text[]) returns boolean
language plpgsql stable security definer set search_path from current as $$
declare
  cleared bigint;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select c.cleared_seq into cleared from conversations c
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null;
  return found and not exists (
    select from unnest(ids) as given (id)
    -- "limit 1" makes it one lookup for each id; a join would read the whole conversation.
    where (
      select true from messages m
      where m.owner_id = owner and m.conversation_id = conversation and m.id = given.id and m.seq > cleared limit 1
    ) is null
    -- One that waits is not asked again either.
    and not exists (
      select from queued_questions q
      where q.owner_id = owner and q.conversation_id = conversation and q.message_id = given.id
    )
  );
end
$$;
