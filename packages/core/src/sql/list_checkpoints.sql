-- Returns which checkpoints of an owner there are, the latest first, with their metadata: of a thread or of all, of one
-- namespace or of all, and below the last one of a page before.
create function list_checkpoints(
  owner uuid,
  conversation text,
  namespace text,
  below_id text,
  last_conversation text,
  last_namespace text,
  page_limit integer
) returns json
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_variable
begin
  perform set_config('chatkeep.owner', owner::text, true);
  return (
    select json_agg(
      json_build_object('conversation', page.conversation_id, 'namespace', page.namespace, 'id', page.id, 'metadata', page.metadata)
      order by page.id desc, page.conversation_id desc, page.namespace desc
    )
    from (
      select k.conversation_id, k.namespace, k.id, k.metadata from checkpoints k
      where k.owner_id = owner
        and (conversation is null or k.conversation_id = conversation)
        and (list_checkpoints.namespace is null or k.namespace = list_checkpoints.namespace)
        and (below_id is null or (k.id, k.conversation_id, k.namespace) < (below_id, last_conversation, last_namespace))
        and exists (
          select from conversations c where c.owner_id = owner and c.id = k.conversation_id and c.deleted_at is null
        )
      order by k.id desc, k.conversation_id desc, k.namespace desc
      limit page_limit
    ) page
  );
end
$$;
