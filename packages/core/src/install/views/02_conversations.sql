create or replace view conversations with (security_barrier) as
select
  c.owner_id, c.id, o.kind as owner_kind,
  c.scope, readable(c.scope_label) as scope_label, c.is_default,
  readable(c.title) as title, readable(c.preview) as preview,
  c.last_seq - c.cleared_seq - c.deleted_count - c.elsewhere_count as message_count,
  c.pinned_at, c.archived_at, c.metadata, c.created_at, c.updated_at,
  array(select readable(t.tag) from unnest(c.tags) with ordinality t (tag, place) order by t.place) as tags, c.expires_at
from :schema.conversations c
join :schema.owners o on o.id = c.owner_id
where c.deleted_at is null and (
  (select has_function_privilege(':views.all_rows()', 'execute'))
  or c.owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid
);
comment on view conversations is 'Conversations, without those in the trash.';
comment on column conversations.owner_id is 'The owner. owner_of(''user'', sub, iss) computes it.';
comment on column conversations.id is 'The conversation. Unique for one owner.';
comment on column conversations.owner_kind is '''user'' for a signed-in user, ''session'' for an anonymous browser.';
comment on column conversations.scope is 'The page, chapter or product that the conversation is about.';
comment on column conversations.scope_label is 'The name of the scope, for people.';
comment on column conversations.is_default is 'Whether it is the default conversation of its scope.';
comment on column conversations.title is 'The title.';
comment on column conversations.preview is 'The beginning of the last message.';
comment on column conversations.message_count is 'Messages on the current branch.';
comment on column conversations.pinned_at is 'When it was pinned. Null: it is not.';
comment on column conversations.archived_at is 'When it was archived. Null: it is not.';
comment on column conversations.metadata is 'The application''s own JSON.';
comment on column conversations.created_at is 'When it was created.';
comment on column conversations.updated_at is 'When it was last changed.';
comment on column conversations.tags is 'Its tags. A folder is one.';
comment on column conversations.expires_at is 'When a temporary conversation is deleted. Null: it is not temporary.';
