-- Returns the data of a context: the latest messages up to `parent`, and the latest summary of older ones. `parent` is
-- a message's id, '' for the beginning, null for the head.
create function get_context(owner uuid, conversation text, parent text, context_limit integer)
returns table (summary json, history json)
language plpgsql stable security definer set search_path from current as $$
declare
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
  c conversations;
  leaf bigint;
begin
  select * into c from conversations k
  where k.owner_id = owner and k.id = conversation and k.deleted_at is null;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  if parent = '' then
    return query select null::json, null::json;
    return;
  elsif parent is not null then
    select m.seq into leaf from messages m
    where m.owner_id = owner and m.conversation_id = conversation and m.id = parent and m.seq > c.cleared_seq;
    if not found then
      raise exception 'message_not_found' using errcode = 'CK000';
    end if;
  elsif c.fork_count > 0 then
    leaf := coalesce(c.head_seq, c.last_seq);
  end if;
  return query select
    latest_summary(owner, conversation, leaf, c.cleared_seq),
    context_messages(owner, conversation, leaf, c.cleared_seq, c.last_seq + 1, context_limit);
end
$$;
