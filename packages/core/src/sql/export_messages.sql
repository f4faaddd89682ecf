-- The messages of a conversation, deleted or not, of all branches, above a number: at most `page_limit`, and no more than
-- make 1 MiB of parts and one message, so that a page of any messages fits in memory. Null when the conversation was
-- erased, or cleared since its `cleared` was read: then not all of it can be exported.
create function export_messages(owner uuid, conversation text, cleared bigint, after_seq bigint, page_limit integer)
returns json
language plpgsql security definer set search_path from current as $$
declare
  c conversations;
  -- Variables: as a column of a join they would not bound the index, and every page would read from the first.
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
  -- One by one, as parts are read from where PostgreSQL keeps them apart: a thousand of 4 MB took minutes.
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
