-- The summary that reaches furthest, as long as nothing that it stands for was cleared; null when there is
-- none. The caller has set the owner.
create function latest_summary(owner uuid, conversation text, cleared bigint) returns json
language plpgsql security definer set search_path from current as $$
begin
  return (
    select json_build_object('text', s.body, 'fromSeq', s.from_seq, 'toSeq', s.to_seq)
    from summaries s
    where s.owner_id = owner and s.conversation_id = conversation and s.from_seq > cleared and s.body is not null
    order by s.to_seq desc limit 1
  );
end
$$;
