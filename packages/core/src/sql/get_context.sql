-- Returns the data of a context: the latest messages, and the latest summary of older ones.
create function get_context(owner uuid, conversation text, context_limit integer)
returns table (summary json, history json)
language plpgsql security definer set search_path from current as $$
declare
  c conversations;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select * into c from conversations k
  where k.owner_id = owner and k.id = conversation and k.deleted_at is null;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  return query select
    latest_summary(
      owner, conversation, case when c.fork_count > 0 then coalesce(c.head_seq, c.last_seq) end, c.cleared_seq
    ),
    latest_messages(
      owner, conversation, case when c.fork_count > 0 then coalesce(c.head_seq, c.last_seq) end,
      c.cleared_seq, c.last_seq + 1, context_limit
    );
end
$$;
