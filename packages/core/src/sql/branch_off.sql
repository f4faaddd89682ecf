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
  -- The segment of the parent, and the new one.
  s segments;
  n segments;
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
    n.rank := 0;
    n.depth := 1;
    n.path_firsts := '{}';
    n.path_parents := '{}';
    if parent_seq > 0 then
      select * into s from segments k
      where k.owner_id = owner and k.conversation_id = conversation and k.first_seq <= parent_seq
      order by k.first_seq desc limit 1;
      n.rank := coalesce(s.rank, 0) + 1;
      n.depth := coalesce(s.depth + parent_seq - s.first_seq, parent_seq - c.cleared_seq) + 1;
      n.path_firsts := (coalesce(s.first_seq, 0) || s.path_firsts)[:64];
      n.path_parents := (coalesce(s.parent_seq, 0) || s.path_parents)[:64];
      n.jump_first := s.jump_first;
      n.jump_last := s.jump_last;
      if n.rank % 64 = 0 then
        select j.first_seq, j.last_seq into n.jump_first, n.jump_last
        from segment_jump(owner, conversation, n.path_firsts[64], n.path_parents[63]) j;
      end if;
    end if;
    insert into segments (
      owner_id, conversation_id, first_seq, parent_seq, depth, next_follows, path_firsts, path_parents, rank, jump_first,
      jump_last
    )
    values (
      owner, conversation, c.last_seq + 1, parent_seq, n.depth,
      parent_seq = 0 or not exists (
        select from segments k
        where k.owner_id = owner and k.conversation_id = conversation and k.first_seq = parent_seq + 1
      ),
      n.path_firsts, n.path_parents, n.rank, n.jump_first, n.jump_last
    );
  end if;
  update conversations k set
    fork_count = k.fork_count + case when is_fork then 1 else 0 end,
    elsewhere_count = k.last_seq - k.cleared_seq - k.deleted_count - branch_length(owner, conversation, parent_seq)
  where k.owner_id = owner and k.id = conversation;
end
$$;
