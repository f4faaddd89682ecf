-- Like page_messages, for conversations with forks and for other branches than the head's. The caller has set the
-- owner.
create function page_branch(
  owner uuid,
  conversation text,
  leaf text,
  before_seq bigint,
  after_seq bigint,
  page_offset bigint,
  page_limit integer
) returns table (total bigint, parent_id text, running_turn uuid, messages json, forks json)
language plpgsql security definer set search_path from current as $$
declare
  c conversations;
  leaf_seq bigint;
  skipped bigint := page_offset;
begin
  select * into c from conversations k where k.owner_id = owner and k.id = conversation and k.deleted_at is null;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  if leaf is null then
    leaf_seq := coalesce(c.head_seq, c.last_seq);
    total := c.last_seq - c.cleared_seq - c.deleted_count - c.elsewhere_count;
  else
    select m.seq into leaf_seq from messages m
    where m.owner_id = owner and m.conversation_id = conversation and m.id = leaf and m.seq > c.cleared_seq;
    if not found then
      raise exception 'message_not_found' using errcode = 'CK000';
    end if;
    total := branch_length(owner, conversation, leaf_seq);
  end if;
  if after_seq is not null then
    return query
    select total, p.parent_id, c.running_turn, p.messages, p.forks
    from earliest_messages(owner, conversation, leaf_seq, greatest(after_seq, c.cleared_seq), leaf_seq + 1, page_limit) p;
  else
    if page_offset > 0 and c.deleted_count = 0 then
      -- By arithmetic, so that skipped messages are not read.
      leaf_seq := ancestor_at(owner, conversation, leaf_seq, total - page_offset);
      skipped := 0;
    end if;
    return query
    select total, p.parent_id, c.running_turn, p.messages, p.forks
    from latest_messages(
      owner, conversation, leaf_seq, least(before_seq, leaf_seq + 1), skipped, page_limit, 4194304
    ) p;
  end if;
end
$$;
