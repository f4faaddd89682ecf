-- Records that a message refers to files, before the message is stored. Returns the files. Refuses files that do not
-- exist; nothing is recorded then.
create function use_files(owner uuid, conversation text, message_id text, files uuid[]) returns json
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  known integer;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  perform 1 from conversations c where c.owner_id = owner and c.id = conversation and c.deleted_at is null for key share;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  -- Until the janitor has seen the message.
  update files f set unused_since = clock_timestamp()
  where f.owner_id = owner and f.id = any (use_files.files) and f.sha256 is not null;
  get diagnostics known = row_count;
  if known < (select count(distinct i) from unnest(use_files.files) i) then
    raise exception 'file_not_found' using errcode = 'CK000';
  end if;
  insert into file_uses (owner_id, conversation_id, message_id, file_id)
  select distinct owner, conversation, message_id, i from unnest(use_files.files) i
  on conflict on constraint file_uses_pkey do update set used_at = clock_timestamp();
  return (select json_agg(file_json(owner, i)) from unnest(use_files.files) i);
end
$$;
