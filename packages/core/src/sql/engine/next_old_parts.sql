-- Returns messages of an older version of parts above a place: at most `page_limit`, up to 1 MiB of parts plus one
-- message. `parts` are null where they hold no bytes to move out.
create function next_old_parts(above_owner uuid, above_conversation text, above_seq bigint, page_limit integer)
returns table (owner_id uuid, conversation_id text, seq bigint, id text, parts json)
language plpgsql security definer set search_path from current as $$
#variable_conflict use_column
declare
  m record;
  bytes bigint := 0;
begin
  perform set_config('chatkeep.engine', 'on', true);
  for m in
    select k.owner_id, k.conversation_id, k.seq, k.id, k.parts from messages k
    where k.parts_version < 2 and (k.owner_id, k.conversation_id, k.seq) > (above_owner, above_conversation, above_seq)
    order by k.owner_id, k.conversation_id, k.seq limit page_limit
  loop
    owner_id := m.owner_id;
    conversation_id := m.conversation_id;
    seq := m.seq;
    id := m.id;
    parts := case when m.parts::text like '%"data:%' then m.parts end;
    return next;
    bytes := bytes + octet_length(m.parts::text);
    exit when bytes >= 1048576;
  end loop;
  perform set_config('chatkeep.engine', 'off', true);
end
$$;
