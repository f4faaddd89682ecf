-- Returns the questions that wait in a conversation, in the order in which they will be answered.
create function list_queued_questions(owner uuid, conversation text) returns json
language plpgsql stable security definer set search_path from current set enable_seqscan = off as $$
#variable_conflict use_variable
declare
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
begin
  if not exists (
    select from conversations c where c.owner_id = owner and c.id = conversation and c.deleted_at is null
  ) then
    perform refuse_conversation(owner, conversation);
  end if;
  return (
    select coalesce(json_agg(k order by not k.steers, k.place), '[]') from queued_questions k
    where k.owner_id = owner and k.conversation_id = conversation
  );
end
$$;
