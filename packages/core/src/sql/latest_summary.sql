-- Returns the summary that covers the most, unless a message that it covers was cleared; null when there is none.
-- `leaf` names the branch in a conversation with forks, else it is null. The caller has set the owner.
create function latest_summary(owner uuid, conversation text, leaf bigint, cleared bigint) returns json
language plpgsql stable security definer set search_path from current as $$
begin
  if leaf is null then
    return (
      select json_build_object('text', s.body, 'fromSeq', s.from_seq, 'toSeq', s.to_seq)
      from summaries s
      where s.owner_id = owner and s.conversation_id = conversation and s.from_seq > cleared and s.body is not null
      order by s.to_seq desc limit 1
    );
  elsif (
    select s.to_seq from summaries s where s.owner_id = owner and s.conversation_id = conversation
    order by s.to_seq limit 1
  ) is null then
    return null;
  end if;
  -- A message has the same ancestors on every branch that holds it, so a summary up to it fits every such branch.
  return (
    select json_build_object('text', s.body, 'fromSeq', s.from_seq, 'toSeq', s.to_seq)
    from branch_of(owner, conversation, leaf, cleared, leaf + 1, leaf) b
    cross join lateral (
      select k.* from summaries k
      where k.owner_id = owner and k.conversation_id = conversation and k.to_seq >= b.first_seq and k.to_seq <= b.last_seq
        and k.from_seq > cleared and k.body is not null
      order by k.to_seq desc limit 1
    ) s
    limit 1
  );
end
$$;
