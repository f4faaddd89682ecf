-- Returns the ranges of numbers that hold a message and everything that follows it in any version; for 0, all
-- messages. The caller has set the owner.
create function descendants_of(owner uuid, conversation text, seq bigint)
returns table (first_seq bigint, last_seq bigint)
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  c conversations;
begin
  select * into c from conversations k where k.owner_id = owner and k.id = conversation;
  if seq <= c.cleared_seq then
    return query select c.cleared_seq + 1, c.last_seq;
    return;
  end if;
  return query
  with recursive below (first_seq, last_seq) as (
    select seq, segment_end(owner, conversation, seq, c.last_seq)
    union all
    select k.first_seq, segment_end(owner, conversation, k.first_seq, c.last_seq)
    from below b cross join lateral (
      select s.first_seq from segments s
      where s.owner_id = owner and s.conversation_id = conversation
        and s.parent_seq >= b.first_seq and s.parent_seq <= b.last_seq
      offset 0
    ) k
  )
  select b.first_seq, b.last_seq from below b;
end
$$;
