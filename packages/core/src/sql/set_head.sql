-- Sets the head to the latest leaf below a message, or to the message itself, and returns its number.
create function set_head(owner uuid, conversation text, message_id text) returns bigint
language plpgsql security definer set search_path from current as $$
declare
  c conversations;
  head bigint;
begin
  c := lock_conversation(owner, conversation);
  select m.seq into head from messages m
  where m.owner_id = owner and m.conversation_id = conversation and m.id = message_id and m.seq > c.cleared_seq;
  if not found then
    raise exception 'message_not_found' using errcode = 'CK000';
  end if;
  head := latest_leaf(owner, conversation, head);
  if head <> coalesce(c.head_seq, c.last_seq) then
    perform count_branch(owner, conversation, head, 0);
  end if;
  return head;
end
$$;
