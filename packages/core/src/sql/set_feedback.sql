-- Sets the owner's feedback on an answer; a rating of null removes it. Nothing else of the message changes.
create function set_feedback(owner uuid, conversation text, message_id text, rating text, comment text) returns void
language plpgsql security definer set search_path from current as $$
declare
  c conversations := lock_conversation(owner, conversation);
begin
  update messages m set
    feedback = case
      when rating is not null then json_build_object('rating', rating, 'comment', comment, 'at', clock_timestamp())
    end
  where m.owner_id = owner and m.conversation_id = conversation and m.id = message_id and m.seq > c.cleared_seq
    and m.role = 'assistant';
  if found then
    return;
  end if;
  perform get_message(owner, conversation, message_id);
  raise exception 'conflict' using errcode = 'CK000', detail = 'Feedback is on answers only. Name an assistant''s message.';
end
$$;
