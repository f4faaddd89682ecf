create or replace view messages with (security_barrier) as
select
  m.owner_id, m.conversation_id, m.seq, m.id, coalesce(s.first_seq, 0) as branch,
  case when c.fork_count = 0 then true else exists (
    -- From the head back to the beginning, a segment a step, as far as the one that may hold the message.
    with recursive path (first_seq, last_seq, parent_seq) as (
      select coalesce(k.first_seq, 0), coalesce(c.head_seq, c.last_seq), coalesce(k.parent_seq, 0)
      from (select) one left join lateral (
        select g.first_seq, g.parent_seq from :schema.segments g
        where g.owner_id = c.owner_id and g.conversation_id = c.id and g.first_seq <= coalesce(c.head_seq, c.last_seq)
        order by g.first_seq desc limit 1
      ) k on true
      union all
      select coalesce(k.first_seq, 0), p.parent_seq, coalesce(k.parent_seq, 0)
      from path p left join lateral (
        select g.first_seq, g.parent_seq from :schema.segments g
        where g.owner_id = c.owner_id and g.conversation_id = c.id and g.first_seq <= p.parent_seq
        order by g.first_seq desc limit 1
      ) k on true
      where p.parent_seq >= m.seq
    )
    select from path p where m.seq >= p.first_seq and m.seq <= p.last_seq
  ) end as is_current,
  m.role, m.status, content_of(m.parts) as content, m.parts, m.turn_id,
  readable(m.model) as model, m.usage, readable(m.error) ->> 'code' as error_code, m.metadata, m.created_at, m.updated_at
from :schema.conversations c
join :schema.messages m on m.owner_id = c.owner_id and m.conversation_id = c.id and m.seq > c.cleared_seq
left join lateral (
  select k.first_seq from :schema.segments k
  where c.fork_count > 0 and k.owner_id = m.owner_id and k.conversation_id = m.conversation_id and k.first_seq <= m.seq
  order by k.first_seq desc limit 1
) s on true
where c.deleted_at is null and (
  (select has_function_privilege(':views.all_rows()', 'execute'))
  or m.owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid
);
comment on view messages is 'Messages of all branches, without deleted and cleared ones.';
comment on column messages.owner_id is 'The owner of the conversation.';
comment on column messages.conversation_id is 'The conversation.';
comment on column messages.seq is 'The order of arrival: 1, 2, 3, … in each conversation.';
comment on column messages.id is 'The message. Unique in its conversation.';
comment on column messages.branch is 'The run of messages that it belongs to: 0 for the first, else the seq at which the run begins.';
comment on column messages.is_current is 'Whether it is on the branch that people see.';
comment on column messages.role is '''system'', ''user'', ''assistant'' or ''tool''.';
comment on column messages.status is '''complete'', ''streaming'', ''stopped'', ''interrupted'' or ''failed''.';
comment on column messages.content is 'The text. NUL and halves of an emoji are shown as U+FFFD.';
comment on column messages.parts is 'All parts as JSON: text, reasoning, tool calls and results, citations, files, data.';
comment on column messages.turn_id is 'The turn that wrote it.';
comment on column messages.model is 'The model that wrote it.';
comment on column messages.usage is 'The token usage as JSON. The view usage has it in columns.';
comment on column messages.error_code is 'Why the answer failed, such as ''model_error''.';
comment on column messages.metadata is 'The application''s own JSON.';
comment on column messages.created_at is 'When it was stored.';
comment on column messages.updated_at is 'When it was last changed.';
