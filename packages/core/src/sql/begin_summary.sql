-- Claims the next messages to summarize: between the latest summary and `upper_seq`, on the branch of the next number.
-- Returns no row when they are fewer than `fewest`, or when another node has claimed a summary less than two minutes ago.
create function begin_summary(owner uuid, conversation text, upper_seq bigint, fewest integer, most integer)
returns table (summary json, to_seq bigint, messages json)
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  c conversations;
  before json;
  leaf bigint;
  after_seq bigint;
  found_messages json;
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
  leaf := case when c.fork_count > 0 then upper_seq + 1 end;
  before := latest_summary(owner, conversation, leaf, c.cleared_seq);
  after_seq := coalesce((before ->> 'toSeq')::bigint, c.cleared_seq);
  if upper_seq - after_seq < fewest then
    return;
  end if;
  select to_json(p), p.messages into messages, found_messages
  from earliest_messages(owner, conversation, upper_seq + 1, after_seq, upper_seq + 1, most) p;
  select min(f.seq), max(f.seq) into first_new, last_new
  from json_to_recordset(found_messages) as f (seq bigint);
  if json_array_length(found_messages) < fewest then
    return;
  end if;
  insert into summaries (owner_id, conversation_id, from_seq, to_seq)
  values (owner, conversation, coalesce((before ->> 'fromSeq')::bigint, first_new), last_new);
  return query select before, last_new, messages;
end
$$;
