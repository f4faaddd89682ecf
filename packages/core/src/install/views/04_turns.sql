create or replace view turns with (security_barrier) as
select
  t.owner_id, t.id, t.conversation_id, t.message_id, t.reply_id, t.status,
  readable(t.error) ->> 'code' as error_code, t.created_at, t.settled_at
from (
  select r.owner_id, r.id, r.conversation_id, r.question_seq, r.message_id, r.reply_id, r.status, r.error, r.created_at, r.settled_at
  from :schema.running_turns r
  union all
  select s.owner_id, s.id, s.conversation_id, s.question_seq, s.message_id, s.reply_id, s.status, s.error, s.created_at, s.settled_at
  from :schema.turns s
) t
join :schema.conversations c on c.owner_id = t.owner_id and c.id = t.conversation_id
where c.deleted_at is null and t.question_seq > c.cleared_seq and (
  (select has_function_privilege(':views.all_rows()', 'execute'))
  or t.owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid
);
comment on view turns is 'Turns: one question and everything that the responder says to it.';
comment on column turns.owner_id is 'The owner of the conversation.';
comment on column turns.id is 'The turn.';
comment on column turns.conversation_id is 'The conversation.';
comment on column turns.message_id is 'The id of the user''s message.';
comment on column turns.reply_id is 'The id of the assistant''s message.';
comment on column turns.status is '''running'', ''waiting'' (for a person), ''complete'', ''stopped'', ''interrupted'' or ''failed''.';
comment on column turns.error_code is 'Why it failed, such as ''model_error''.';
comment on column turns.created_at is 'When the question was stored.';
comment on column turns.settled_at is 'When it was settled. Null: it is running.';
