-- Lets the next messages of a conversation follow `parent`: a message's id, '' for the beginning, null for the head.
-- Opens a segment where they do not follow the last number. The conversation's row must be locked, and whoever calls
-- this lets the head be the last message.
create function branch_off(owner uuid, conversation text, parent text) returns void
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  c conversations;
  parent_seq bigint := 0;
  is_fork boolean;
  s segments;
begin
  select * into c from conversations k where k.owner_id = owner and k.id = conversation;
  if parent is null then
    parent_seq := coalesce(c.head_seq, c.last_seq);
  elsif parent <> '' then
    select m.seq into parent_seq from messages m
    where m.owner_id = owner and m.conversation_id = conversation and m.id = parent and m.seq > c.cleared_seq;
    if not found then
      raise exception 'message_not_found' using errcode = 'CK000';
    end if;
  end if;
  parent_seq := case when parent_seq > c.cleared_seq then parent_seq else 0 end;
  is_fork := parent_seq <> c.last_seq and (parent_seq > 0 or c.last_seq > c.cleared_seq);
  if is_fork then
    if parent_seq > 0 then
      select * into s from segments k
      where k.owner_id = owner and k.conversation_id = conversation and k.first_seq <= parent_seq
      order by k.first_seq desc limit 1;
    end if;
    insert into segments (
      owner_id, conversation_id, first_seq, parent_seq, depth, next_follows, path_firsts, path_parents
    )
    values (
      owner, conversation, c.last_seq + 1, parent_seq,
      case when parent_seq = 0 then 1 else coalesce(s.depth + parent_seq - s.first_seq, parent_seq - c.cleared_seq) + 1 end,
      parent_seq = 0 or not exists (
        select from segments k
        where k.owner_id = owner and k.conversation_id = conversation and k.first_seq = parent_seq + 1
      ),
      case when parent_seq = 0 then '{}' else (coalesce(s.first_seq, 0) || s.path_firsts)[:64] end,
      case when parent_seq = 0 then '{}' else (coalesce(s.parent_seq, 0) || s.path_parents)[:64] end
    );
  end if;
  update conversations k set
    fork_count = k.fork_count + case when is_fork then 1 else 0 end,
    elsewhere_count = k.last_seq - k.cleared_seq - k.deleted_count - branch_length(owner, conversation, parent_seq)
  where k.owner_id = owner and k.id = conversation;
end
$$;
