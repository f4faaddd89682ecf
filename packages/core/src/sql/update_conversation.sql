-- Changes the fields named in `fields` ('title', 'pinned', 'archived', 'metadata', 'tags'). A title of null resets it to the
-- one made from the first question.
create function update_conversation(
  owner uuid,
  conversation text,
  fields text[],
  new_title text,
  question_title text,
  new_pinned boolean,
  new_archived boolean,
  new_metadata json,
  new_tags text[]
) returns json
language plpgsql security definer set search_path from current as $$
declare
  before conversations;
  c conversations;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select * into before from conversations k
  where k.owner_id = owner and k.id = conversation and k.deleted_at is null for no key update;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;

  update conversations k set
    title = case when 'title' = any (fields) then coalesce(new_title, question_title) else k.title end,
    title_source = case
      when not 'title' = any (fields) then k.title_source
      when new_title is not null then 'person'
      when question_title is not null then 'question'
    end,
    pinned_at = case
      when not 'pinned' = any (fields) then k.pinned_at
      when new_pinned then coalesce(k.pinned_at, clock_timestamp())
    end,
    archived_at = case
      when not 'archived' = any (fields) then k.archived_at
      when new_archived then coalesce(k.archived_at, clock_timestamp())
    end,
    metadata = case when 'metadata' = any (fields) then new_metadata else k.metadata end,
    tags = case when 'tags' = any (fields) then new_tags else k.tags end,
    updated_at = clock_timestamp()
  where k.owner_id = owner and k.id = conversation
  returning * into c;

  if (before.archived_at is null) <> (c.archived_at is null) and c.expires_at is null then
    update owners o set
      conversation_count = o.conversation_count + case when c.archived_at is null then 1 else -1 end,
      archived_count = o.archived_count + case when c.archived_at is null then -1 else 1 end
    where o.id = owner;
  end if;
  return conversation_json(owner, c.id);
end
$$;
