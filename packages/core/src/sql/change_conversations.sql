-- Changes many conversations in one transaction: 'archive', 'unarchive', 'delete', 'restore', 'tag' or 'untag'. Returns for
-- each id, in the given order, an error or null. An error of one id does not stop the others.
create function change_conversations(owner uuid, ids text[], action text, tag text, most_tags integer) returns json
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
  conversation text;
  error text;
  results json[] := '{}';
begin
  -- In one order, so that two calls cannot deadlock.
  perform 1 from unnest(ids) given (id)
  cross join lateral (
    select from conversations c where c.owner_id = owner and c.id = given.id for no key update
  ) locked
  order by given.id;
  foreach conversation in array ids loop
    error := null;
    begin
      if action in ('archive', 'unarchive') then
        perform update_conversation(owner, conversation, '{archived}', null, null, null, action = 'archive', null, null);
      elsif action = 'delete' then
        perform delete_conversation(owner, conversation);
      elsif action = 'restore' then
        perform restore_conversation(owner, conversation);
      else
        perform lock_conversation(owner, conversation);
        update conversations c set
          tags = case
            when action = 'untag' then array_remove(c.tags, tag)
            when tag = any (c.tags) then c.tags
            else c.tags || tag
          end
        where c.owner_id = owner and c.id = conversation and (action = 'untag' or tag = any (c.tags) or cardinality(c.tags) < most_tags);
        if not found then
          raise exception 'conflict' using errcode = 'CK000';
        end if;
      end if;
    exception when sqlstate 'CK000' then
      error := sqlerrm;
    end;
    results := results || json_build_object('id', conversation, 'error', error);
  end loop;
  return array_to_json(results);
end
$$;
