create or replace view usage with (security_barrier) as
select
  m.owner_id, m.conversation_id, m.id as message_id, m.turn_id, readable(m.model) as model,
  case json_typeof(m.usage -> 'input_tokens') when 'number' then (m.usage ->> 'input_tokens')::double precision end as input_tokens,
  case json_typeof(m.usage -> 'output_tokens') when 'number' then (m.usage ->> 'output_tokens')::double precision end as output_tokens,
  case json_typeof(m.usage -> 'total_tokens') when 'number' then (m.usage ->> 'total_tokens')::double precision end as total_tokens,
  case json_typeof(m.usage -> 'cost') when 'number' then (m.usage ->> 'cost')::double precision end as cost,
  m.created_at,
  case json_typeof(m.usage -> 'cached_tokens') when 'number' then (m.usage ->> 'cached_tokens')::double precision end as cached_tokens,
  case json_typeof(m.usage -> 'reasoning_tokens') when 'number' then (m.usage ->> 'reasoning_tokens')::double precision end as reasoning_tokens
from :schema.messages m
where json_typeof(m.usage) = 'object' and (
  (select has_function_privilege(':views.all_rows()', 'execute'))
  or m.owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid
);
comment on view usage is 'Tokens and cost of each answer, those of trashed conversations included. The view usage_days adds them up.';
comment on column usage.owner_id is 'The owner of the conversation.';
comment on column usage.conversation_id is 'The conversation.';
comment on column usage.message_id is 'The answer.';
comment on column usage.turn_id is 'The turn that wrote it.';
comment on column usage.model is 'The model that wrote it.';
comment on column usage.input_tokens is 'Tokens that the model read.';
comment on column usage.output_tokens is 'Tokens that the model wrote.';
comment on column usage.total_tokens is 'Tokens in all.';
comment on column usage.cost is 'US dollars, where the price of the model is known.';
comment on column usage.created_at is 'When the answer was stored.';
comment on column usage.cached_tokens is 'Of the tokens that the model read, those that its provider had cached.';
comment on column usage.reasoning_tokens is 'Of the tokens that the model wrote, those of reasoning.';
