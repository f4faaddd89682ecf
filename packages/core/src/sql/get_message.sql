-- Returns one message by its id.
create function get_message(owner uuid, conversation text, message_id text) returns json
language plpgsql stable security definer set search_path from current as $$
declare
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
  cleared bigint;
  m messages;
begin
  select c.cleared_seq into cleared from conversations c
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  select * into m from messages k
  where k.owner_id = owner and k.conversation_id = conversation and k.id = message_id and k.seq > cleared;
  if not found then
    raise exception 'message_not_found' using errcode = 'CK000';
  end if;
  return placed_message(owner, conversation, m.seq);
end
$$;
