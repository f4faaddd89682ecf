-- Forgets that messages of a conversation refer to files: all of them, or those that are neither stored nor can be
-- restored. After a day the janitor looks whether another message refers to their files.
create function release_files(owner uuid, conversation text, is_over boolean) returns void
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  -- A message is stored within an hour of its use, or waits in the queue, or never is.
  used_before timestamptz := clock_timestamp() - interval '1 hour';
  released uuid[];
begin
  perform set_config('chatkeep.owner', owner::text, true);
  with gone as (
    delete from file_uses u
    where u.owner_id = owner and u.conversation_id = conversation and (is_over or (
      u.used_at < used_before
      and not exists (
        select from messages m
        where m.owner_id = owner and m.conversation_id = conversation and m.id = u.message_id
      )
      and not exists (
        select from queued_questions q
        where q.owner_id = owner and q.conversation_id = conversation and q.message_id = u.message_id
      )
      and not exists (
        select from deleted_messages d
        where d.owner_id = owner and d.conversation_id = conversation and d.id = u.message_id
      )
    ))
    returning u.file_id
  )
  select array_agg(distinct g.file_id) into released from gone g;
  update files f set unused_since = clock_timestamp()
  where f.owner_id = owner and f.id = any (released) and f.unused_since is distinct from '-infinity';
end
$$;
