-- Returns a page of the owner's conversations after `after_no`, ordered by `sort_by` ('activity' or 'creation'),
-- descending or `ascending`. The total comes from a counter; null with a scope, a tag or metadata, and for those that wait for a person, which have one order. There is no sort step, so the planner
-- must use an index of that order: with one, it read and sorted 8,000 rows for a page of 20.
create function list_conversations(
  owner uuid,
  only_archived boolean,
  only_waiting boolean,
  only_scope text,
  only_tag text,
  only_metadata json,
  sort_by text,
  ascending boolean,
  after_no bigint,
  page_offset integer,
  page_limit integer
) returns table (total bigint, conversations json)
language plpgsql stable security definer set search_path from current set enable_sort = off as $$
declare
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
  -- A variable, because row-level security keeps "coalesce" out of index conditions.
  bound bigint := coalesce(after_no, case when ascending then -9223372036854775808 else 9223372036854775807 end);
  wanted jsonb := comparable_json(only_metadata);
  -- As conversations_created has it.
  state integer := case when only_archived then 1 else 0 end;
begin
  if only_scope is null and only_tag is null and only_metadata is null and not only_waiting then
    select case when only_archived then o.archived_count else o.conversation_count end
    into total from owners o where o.id = owner;
    total := coalesce(total, 0);
  end if;

  -- Only the branch of the union whose first condition holds is executed.
  select coalesce(json_agg(listed), '[]') into list_conversations.conversations from (select page.*, (
    select m.id from messages m
    where m.owner_id = owner and m.conversation_id = page.id
      and m.seq = case when page.head_seq is null then page.last_seq else page.head_seq end and m.seq > page.cleared_seq
  ) as head_id from (
    (
      select c.* from conversations c
      where not only_waiting and sort_by = 'activity' and only_scope is null and not ascending
        and c.owner_id = owner and c.expires_at is null and c.deleted_at is null and c.archived = only_archived
        and c.active_no < bound
        and (only_tag is null or only_tag = any (c.tags)) and (wanted is null or comparable_json(c.metadata) @> wanted)
      order by c.active_no desc offset page_offset limit page_limit
    ) union all (
      select c.* from conversations c
      where not only_waiting and sort_by = 'activity' and only_scope is null and ascending
        and c.owner_id = owner and c.expires_at is null and c.deleted_at is null and c.archived = only_archived
        and c.active_no > bound
        and (only_tag is null or only_tag = any (c.tags)) and (wanted is null or comparable_json(c.metadata) @> wanted)
      order by c.active_no offset page_offset limit page_limit
    ) union all (
      select c.* from conversations c
      where not only_waiting and sort_by = 'activity' and only_scope is not null and not ascending
        and c.owner_id = owner and c.expires_at is null and c.deleted_at is null and c.archived = only_archived
        and c.scope = only_scope and c.active_no < bound
        and (only_tag is null or only_tag = any (c.tags)) and (wanted is null or comparable_json(c.metadata) @> wanted)
      order by c.active_no desc offset page_offset limit page_limit
    ) union all (
      select c.* from conversations c
      where not only_waiting and sort_by = 'activity' and only_scope is not null and ascending
        and c.owner_id = owner and c.expires_at is null and c.deleted_at is null and c.archived = only_archived
        and c.scope = only_scope and c.active_no > bound
        and (only_tag is null or only_tag = any (c.tags)) and (wanted is null or comparable_json(c.metadata) @> wanted)
      order by c.active_no offset page_offset limit page_limit
    ) union all (
      select c.* from conversations c
      where not only_waiting and sort_by = 'creation' and not ascending
        and c.owner_id = owner and c.expires_at is null and (case when c.deleted_at is not null then 2 when c.archived then 1 else 0 end) = state
        and (only_scope is null or c.scope = only_scope)
        and c.created_no < bound
        and (only_tag is null or only_tag = any (c.tags)) and (wanted is null or comparable_json(c.metadata) @> wanted)
      order by c.created_no desc offset page_offset limit page_limit
    ) union all (
      select c.* from conversations c
      where not only_waiting and sort_by = 'creation' and ascending
        and c.owner_id = owner and c.expires_at is null and (case when c.deleted_at is not null then 2 when c.archived then 1 else 0 end) = state
        and (only_scope is null or c.scope = only_scope)
        and c.created_no > bound
        and (only_tag is null or only_tag = any (c.tags)) and (wanted is null or comparable_json(c.metadata) @> wanted)
      order by c.created_no offset page_offset limit page_limit
    ) union all (
      select c.* from conversations c
      where only_waiting
        and c.owner_id = owner and c.expires_at is null and c.deleted_at is null and c.waiting_turn is not null and c.archived = only_archived
        and (only_scope is null or c.scope = only_scope)
        and c.active_no < bound
        and (only_tag is null or only_tag = any (c.tags)) and (wanted is null or comparable_json(c.metadata) @> wanted)
      order by c.active_no desc offset page_offset limit page_limit
    )
  ) page) listed;
  return next;
end
$$;
