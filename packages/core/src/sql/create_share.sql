-- Stores a link to the branch of a conversation that ends with a message, by default the head. A link that `is_live` always
-- ends with the current head. Refuses a branch that ends with a running answer. Expired links of the conversation are deleted.
create function create_share(
  owner uuid,
  conversation text,
  share uuid,
  hash text,
  message_id text,
  is_live boolean,
  name text,
  expires_at timestamp with time zone,
  most integer
) returns json
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  c conversations := lock_conversation(owner, conversation);
  last_id text;
  last_status text;
  made shares;
begin
  delete from shares s
  where s.owner_id = owner and s.conversation_id = conversation and s.expires_at < clock_timestamp();
  if (select count(*) from shares s where s.owner_id = owner and s.conversation_id = conversation) >= most then
    raise exception 'conflict' using errcode = 'CK000', detail = format('There are %s links to this conversation already. Delete one first.', most);
  end if;
  if not is_live then
    select m.id, m.status into last_id, last_status from messages m
    where m.owner_id = owner and m.conversation_id = conversation and m.seq > c.cleared_seq
      and case when message_id is null then m.seq = coalesce(c.head_seq, c.last_seq) else m.id = message_id end;
    if not found then
      raise exception 'message_not_found' using errcode = 'CK000';
    elsif last_status = 'streaming' then
      raise exception 'turn_in_progress' using errcode = 'CK000', detail = c.running_turn::text;
    end if;
  end if;
  insert into shares (owner_id, id, hash, conversation_id, last_message_id, title, name, expires_at)
  values (owner, share, decode(hash, 'hex'), conversation, last_id, c.title, name, expires_at)
  returning * into made;
  return share_json(made);
end
$$;
