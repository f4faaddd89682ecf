-- Holds a question that could not begin.
create function hold_queued_question(owner uuid, conversation text, message_id text) returns void
language plpgsql security definer set search_path from current as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  perform hold_queued_questions(owner, conversation, message_id);
end
$$;
