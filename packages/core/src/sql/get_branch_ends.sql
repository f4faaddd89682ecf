-- Returns the parts of the last message and of the first question on the head's branch, for a preview and a title,
-- and the last message's number.
create function get_branch_ends(owner uuid, conversation text)
returns table (head_seq bigint, head json, question json)
language plpgsql stable security definer set search_path from current as $$
declare
  c conversations;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select * into c from conversations k where k.owner_id = owner and k.id = conversation;
  return query select
    coalesce(c.head_seq, c.last_seq),
    (
      select m.parts from messages m
      where m.owner_id = owner and m.conversation_id = conversation
        and m.seq = case when c.head_seq is null then c.last_seq else c.head_seq end and m.seq > c.cleared_seq
    ),
    first_question(owner, conversation);
end
$$;
