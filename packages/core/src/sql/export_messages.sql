-- Returns the messages of a conversation above a number, deleted or not, of all branches: at most `page_limit`, up to
-- 1 MiB of parts plus one message, so that any page fits in memory. Null when the conversation was erased, or cleared
-- since its `cleared` was read: the export is then incomplete.
create function export_messages(owner uuid, conversation text, cleared bigint, after_seq bigint, page_limit integer)
returns json
language plpgsql stable security definer set search_path from current as $$
declare
  c conversations;
  -- Variables, because columns of a join would not bound the index scan, and every page would start at the first row.
  above bigint;
  up_to bigint;
  bytes bigint := 0;
  m record;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select * into c from conversations k where k.owner_id = owner and k.id = conversation;
  if not found or c.deleted_at = 'epoch' or c.cleared_seq > cleared then
    return null;
  end if;
  above := greatest(after_seq, c.cleared_seq);
  -- One by one, because each is read from TOAST: a thousand parts of 4 MB took minutes.
  for m in
    select k.seq, k.parts from messages k
    where k.owner_id = owner and k.conversation_id = conversation and k.seq > above
    order by k.seq limit page_limit
  loop
    up_to := m.seq;
    bytes := bytes + octet_length(m.parts::text);
    exit when bytes >= 1048576;
  end loop;
  return (
    select coalesce(json_agg(
      case when c.fork_count = 0 then to_json(k) else placed_message(owner, conversation, k.seq) end order by k.seq
    ), '[]')
    from messages k
    where k.owner_id = owner and k.conversation_id = conversation and k.seq > above and k.seq <= up_to
  );
end
$$;
