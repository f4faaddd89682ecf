-- Stores a summary that was begun, or gives it up if there is no text. Deletes earlier summaries, which it covers,
-- unless the conversation has forks: another branch may need them.
create function end_summary(owner uuid, conversation text, upper_seq bigint, new_body text) returns void
language plpgsql security definer set search_path from current as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  if new_body is null then
    delete from summaries s
    where s.owner_id = owner and s.conversation_id = conversation and s.to_seq = upper_seq and s.body is null;
    return;
  end if;
  update summaries s set body = new_body
  where s.owner_id = owner and s.conversation_id = conversation and s.to_seq = upper_seq and s.body is null;
  if found then
    delete from summaries s
    where s.owner_id = owner and s.conversation_id = conversation and s.to_seq < upper_seq
      and not exists (select from conversations c where c.owner_id = owner and c.id = conversation and c.fork_count > 0);
  end if;
end
$$;
