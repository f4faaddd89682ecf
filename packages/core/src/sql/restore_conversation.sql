-- Restores a conversation from the trash. If its scope has another default by now, it becomes an ordinary one.
create function restore_conversation(owner uuid, conversation text) returns json
language plpgsql security definer set search_path from current as $$
declare
  c conversations;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  -- One at a time, or two of one scope could both become its default.
  perform 1 from owners o where o.id = owner for no key update;
  select * into c from conversations k where k.owner_id = owner and k.id = conversation for no key update;
  if not found or c.deleted_at = 'epoch' then
    perform refuse_conversation(owner, conversation);
  elsif c.deleted_at is null then
    raise exception 'conflict' using errcode = 'CK000', detail = 'This conversation is not in the trash.';
  end if;
  update conversations k set
    deleted_at = null,
    is_default = k.is_default and not exists (
      select from conversations other
      where other.owner_id = owner and other.scope = k.scope and other.is_default and other.deleted_at is null
    )
  where k.owner_id = owner and k.id = conversation
  returning * into c;
  update owners o set
    conversation_count = o.conversation_count + case when c.archived_at is null then 1 else 0 end,
    archived_count = o.archived_count + case when c.archived_at is null then 0 else 1 end
  where o.id = owner and c.expires_at is null;
  return conversation_json(owner, c.id);
end
$$;
