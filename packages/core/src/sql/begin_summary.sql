-- Gives the next messages to summarize, between the latest summary and `upper_seq`, to whoever asks first: no
-- row when they are fewer than `fewest` or when somebody writes that summary already. Who began one and told
-- nothing for two minutes is taken for dead.
create function begin_summary(owner uuid, conversation text, upper_seq bigint, fewest integer, most integer)
returns table (summary json, to_seq bigint, messages json)
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  c conversations;
  before json;
  first_new bigint;
  last_new bigint;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select * into c from conversations k
  where k.owner_id = owner and k.id = conversation and k.deleted_at is null for no key update;
  if not found then
    return;
  end if;
  delete from summaries s
  where s.owner_id = owner and s.conversation_id = conversation
    and (s.from_seq <= c.cleared_seq or (s.body is null and s.begun_at < clock_timestamp() - interval '2 minutes'));
  if exists (
    select from summaries s where s.owner_id = owner and s.conversation_id = conversation and s.body is null
  ) then
    return;
  end if;
  before := latest_summary(owner, conversation, c.cleared_seq);
  first_new := coalesce((before ->> 'toSeq')::bigint, c.cleared_seq) + 1;
  last_new := least(upper_seq, first_new + most - 1);
  if last_new - first_new + 1 < fewest then
    return;
  end if;
  insert into summaries (owner_id, conversation_id, from_seq, to_seq)
  values (owner, conversation, coalesce((before ->> 'fromSeq')::bigint, first_new), last_new);
  return query select before, last_new, latest_messages(owner, conversation, first_new - 1, last_new + 1, most);
end
$$;
