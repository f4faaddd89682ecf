-- Returns a checkpoint of a thread, the latest without an `id`, with the values of its channels, each after those that it
-- is based on, and the writes of tasks. Null when there is none.
create function get_checkpoint(owner uuid, conversation text, namespace text, id text) returns json
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_variable
declare
  c checkpoints;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  if not exists (select from conversations k where k.owner_id = owner and k.id = conversation and k.deleted_at is null) then
    return null;
  end if;
  if id is null then
    select * into c from checkpoints k
    where k.owner_id = owner and k.conversation_id = conversation and k.namespace = get_checkpoint.namespace
    order by k.id desc limit 1;
  else
    select * into c from checkpoints k
    where k.owner_id = owner and k.conversation_id = conversation and k.namespace = get_checkpoint.namespace
      and k.id = get_checkpoint.id;
  end if;
  if c.id is null then
    return null;
  end if;
  return json_build_object(
    'id', c.id, 'parent_id', c.parent_id, 'body', c.body, 'metadata', c.metadata,
    'values', (
      with recursive chain as (
        select v.channel, v.version, v.base_version, v.body, 0 as depth
        from unnest(c.channels, c.versions) u(channel, version)
        cross join lateral (
          select k.* from checkpoint_values k
          where k.owner_id = owner and k.conversation_id = conversation and k.namespace = c.namespace
            and k.channel = u.channel and k.version = u.version
          offset 0
        ) v
        union all
        select v.channel, v.version, v.base_version, v.body, n.depth + 1
        from chain n
        cross join lateral (
          select k.* from checkpoint_values k
          where k.owner_id = owner and k.conversation_id = conversation and k.namespace = c.namespace
            and k.channel = n.channel and k.version = n.base_version
          offset 0
        ) v
      )
      select json_agg(json_build_object('channel', n.channel, 'version', n.version, 'body', n.body) order by n.depth desc)
      from chain n
    ),
    'writes', (
      select json_agg(
        json_build_object('task_id', w.task_id, 'channel', w.channel, 'body', w.body) order by w.task_path, w.task_id, w.no
      )
      from checkpoint_writes w
      where w.owner_id = owner and w.conversation_id = conversation and w.namespace = c.namespace and w.checkpoint_id = c.id
    )
  );
end
$$;
