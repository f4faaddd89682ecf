-- Puts messages in the place of the latest ones, all or none: those must have the ids `replaced`, in this
-- order, else 'conflict' is raised and nothing changes. The same call again, once the new ones are there,
-- stores nothing (law 3).
create function replace_messages(
  owner uuid,
  conversation text,
  replaced text[],
  ids text[],
  roles text[],
  bodies json[],
  context_texts text[],
  intents text[],
  processed_flags boolean[],
  models text[],
  usages json[],
  metadatas json[],
  word_texts text[],
  new_title text,
  new_preview text
) returns table (message json)
language plpgsql security definer set search_path from current as $$
declare
  cleared bigint;
  latest text[];
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select c.cleared_seq into cleared from conversations c
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null for no key update;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  if not exists (
    select from messages m
    where m.owner_id = owner and m.conversation_id = conversation and m.id = any (ids) and m.seq > cleared
  ) then
    select array_agg(page.id order by page.seq) into latest from (
      select m.id, m.seq from messages m
      where m.owner_id = owner and m.conversation_id = conversation and m.seq > cleared
      order by m.seq desc limit cardinality(replaced)
    ) page;
    if latest is distinct from replaced then
      raise exception 'conflict' using errcode = 'CK000',
        detail = 'The latest messages are not those that were to be replaced. Read them again.';
    end if;
    perform delete_messages(owner, conversation, replaced, null, null);
  end if;
  return query select a.message from append_messages(
    owner, conversation, ids, roles, bodies, context_texts, intents, processed_flags, models, usages, metadatas,
    word_texts, new_title, new_preview
  ) a;
end
$$;
