-- Stores what a task of a graph wrote on top of a checkpoint. A repeated write changes nothing; one with a number below 0
-- takes the place of the stored one.
create function put_checkpoint_writes(
  owner uuid,
  conversation text,
  namespace text,
  checkpoint_id text,
  task_path text,
  task_id text,
  nos integer[],
  channels text[],
  bodies json[]
) returns void
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
begin
  perform set_config('chatkeep.owner', owner::text, true);
  perform 1 from conversations c where c.owner_id = owner and c.id = conversation and c.deleted_at is null for key share;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  insert into checkpoint_writes (
    owner_id, conversation_id, namespace, checkpoint_id, task_path, task_id, no, channel, body
  )
  select owner, conversation, namespace, checkpoint_id, task_path, task_id, w.no, w.channel, w.body
  from unnest(nos, channels, bodies) w(no, channel, body)
  on conflict on constraint checkpoint_writes_pkey do update set channel = excluded.channel, body = excluded.body
  where excluded.no < 0;
end
$$;
