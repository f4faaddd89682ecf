-- One small step of the janitor: deletes bytes of a deleted file, or of one that no message has referred to for a day.
-- True while more is left.
create function purge_files(page_limit integer) returns boolean
language plpgsql security definer set search_path from current as $$
declare
  -- A variable, because the volatile clock_timestamp() does not bound an index scan.
  unused_before timestamptz := clock_timestamp() - interval '1 day';
  f files;
  is_used boolean;
begin
  perform set_config('chatkeep.engine', 'on', true);
  select * into f from files k where k.unused_since < unused_before order by k.unused_since limit 1;
  -- Before the file, as in claim_session, so that the two cannot deadlock.
  perform 1 from owners o where o.id = f.owner_id for no key update skip locked;
  if not found then
    perform set_config('chatkeep.engine', 'off', true);
    return false;
  end if;
  select * into f from files k
  where k.owner_id = f.owner_id and k.id = f.id and k.unused_since < unused_before for update;
  is_used := f.unused_since > '-infinity' and (f.purpose is not null or exists (
    select from file_uses u
    where u.owner_id = f.owner_id and u.file_id = f.id and (
      exists (
        select from messages m
        where m.owner_id = u.owner_id and m.conversation_id = u.conversation_id and m.id = u.message_id
      ) or exists (
        select from queued_questions q
        where q.owner_id = u.owner_id and q.conversation_id = u.conversation_id and q.message_id = u.message_id
      ) or exists (
        select from deleted_messages d
        where d.owner_id = u.owner_id and d.conversation_id = u.conversation_id and d.id = u.message_id
      )
    )
  ));
  if is_used then
    update files k set unused_since = null where k.owner_id = f.owner_id and k.id = f.id;
  end if;
  perform set_config('chatkeep.engine', 'off', true);
  if not is_used then
    perform erase_file(f.owner_id, f.id, page_limit);
  end if;
  return true;
end
$$;
