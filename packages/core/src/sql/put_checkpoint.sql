-- Stores a checkpoint of a graph with the values that changed. Repeating it changes nothing but its metadata. False, with
-- nothing stored, when a value that another is based on is gone: the thread was cleared meanwhile.
create function put_checkpoint(
  owner uuid,
  conversation text,
  namespace text,
  id text,
  parent_id text,
  body json,
  metadata json,
  channels text[],
  versions text[],
  value_channels text[],
  value_versions text[],
  base_versions text[],
  value_bodies json[]
) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
begin
  perform set_config('chatkeep.owner', owner::text, true);
  -- Not at once with clear_messages, which deletes values that others are based on.
  perform 1 from conversations c
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null for no key update;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  if exists (
    select from unnest(value_channels, base_versions) b(channel, version)
    where b.version is not null and not exists (
      select from checkpoint_values v
      where v.owner_id = owner and v.conversation_id = conversation and v.namespace = put_checkpoint.namespace
        and v.channel = b.channel and v.version = b.version
    )
  ) then
    return false;
  end if;
  insert into checkpoint_values (owner_id, conversation_id, namespace, channel, version, base_version, body)
  select owner, conversation, namespace, v.channel, v.version, v.base_version, v.body
  from unnest(value_channels, value_versions, base_versions, value_bodies) v(channel, version, base_version, body)
  on conflict do nothing;
  insert into checkpoints (owner_id, conversation_id, namespace, id, parent_id, body, metadata, channels, versions)
  values (owner, conversation, namespace, id, parent_id, body, metadata, channels, versions)
  on conflict on constraint checkpoints_pkey do update set
    body = excluded.body, metadata = excluded.metadata, channels = excluded.channels, versions = excluded.versions;
  return true;
end
$$;
