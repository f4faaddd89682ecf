-- Returns the first messages of a conversation that is still named after its first question; null when it has another
-- title, or none.
create function messages_to_title(owner uuid, conversation text, page_limit integer) returns json
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_variable
declare
  c conversations;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select * into c from conversations k
  where k.owner_id = owner and k.id = conversation and k.deleted_at is null and k.title_source = 'question';
  if not found then
    return null;
  end if;
  return (
    select to_json(p) from earliest_messages(
      owner, conversation, coalesce(c.head_seq, c.last_seq), c.cleared_seq, c.last_seq + 1, page_limit
    ) p
  );
end
$$;
