-- Deletes at most `page_limit` messages, with their turns, of an owner who is being erased, and a conversation once
-- it is empty; then as many chunks of a file, and a file once it has none. Small transactions keep other writers from waiting. Returns no row when nothing is left.
create function erase_batch(owner uuid, page_limit integer)
returns table (conversations_erased integer, messages_erased integer, turns_erased integer, files_erased integer)
language plpgsql security definer set search_path from current as $$
declare
  conversation text;
  done boolean;
  file uuid;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select c.id into conversation from conversations c
  where c.owner_id = owner and c.deleted_at = 'epoch' order by c.id limit 1 for update;
  if not found then
    select f.id into file from files f where f.owner_id = owner order by f.id limit 1 for update;
    if found then
      files_erased := erase_file(owner, file, page_limit)::integer;
      return next;
    end if;
    return;
  end if;
  select p.done, p.messages_purged, p.turns_purged into done, messages_erased, turns_erased
  from purge_messages(owner, conversation, page_limit) p;
  if done then
    delete from conversations c where c.owner_id = owner and c.id = conversation;
  end if;
  conversations_erased := done::integer;
  return next;
end
$$;
