-- Returns the link with this hash, and the owner and the branch that it shows. Returns no row if the link, its conversation
-- or its last message was deleted or has expired. The owner is for the functions that read the branch, and never leaves
-- the server.
create function find_share(hash text)
returns table (owner_id uuid, owner_kind text, conversation_id text, message_id text, title text, name text, created_at text, expires_at text)
language plpgsql security definer set search_path from current as $$
#variable_conflict use_column
declare
  -- A variable, because row-level security keeps function calls out of index conditions.
  wanted bytea := decode(find_share.hash, 'hex');
begin
  perform set_config('chatkeep.engine', 'on', true);
  return query
  select s.owner_id, o.kind, s.conversation_id::text, s.last_message_id::text, case when s.last_message_id is null then c.title else s.title end, s.name, s.created_at::text, s.expires_at::text
  from shares s
  join conversations c on c.owner_id = s.owner_id and c.id = s.conversation_id and c.deleted_at is null
  join owners o on o.id = s.owner_id
  where s.hash = wanted and least(s.expires_at, c.expires_at, 'infinity') > clock_timestamp()
    and (s.last_message_id is null or exists (
      select from messages m
      where m.owner_id = s.owner_id and m.conversation_id = s.conversation_id and m.id = s.last_message_id
        and m.seq > c.cleared_seq
    ));
  perform set_config('chatkeep.engine', 'off', true);
end
$$;
