create or replace view feedback with (security_barrier) as
select
  m.owner_id, m.conversation_id, m.id as message_id, m.turn_id, readable(m.model) as model,
  m.feedback ->> 'rating' as rating, readable(m.feedback ->> 'comment') as comment,
  (m.feedback ->> 'at')::timestamp with time zone as given_at
from :schema.conversations c
join :schema.messages m on m.owner_id = c.owner_id and m.conversation_id = c.id and m.seq > c.cleared_seq
where c.deleted_at is null and m.feedback is not null and (
  (select has_function_privilege(':views.all_rows()', 'execute'))
  or m.owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid
);
comment on view feedback is 'Feedback on answers. Each version of an answer has its own.';
comment on column feedback.owner_id is 'The owner of the conversation, who gave it.';
comment on column feedback.conversation_id is 'The conversation.';
comment on column feedback.message_id is 'The answer.';
comment on column feedback.turn_id is 'The turn that wrote the answer.';
comment on column feedback.model is 'The model that wrote the answer.';
comment on column feedback.rating is '''up'' or ''down''.';
comment on column feedback.comment is 'The comment, or null.';
comment on column feedback.given_at is 'When it was given or last changed.';
