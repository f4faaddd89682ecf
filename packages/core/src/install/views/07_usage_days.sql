create or replace view usage_days with (security_barrier) as
select
  d.owner_id, d.day, readable(d.model) as model, sum(d.answers) as answers, sum(d.input_tokens) as input_tokens,
  sum(d.cached_tokens) as cached_tokens, sum(d.output_tokens) as output_tokens,
  sum(d.reasoning_tokens) as reasoning_tokens, sum(d.total_tokens) as total_tokens, sum(d.cost) as cost
from :schema.usage_days d
where (select has_function_privilege(':views.all_rows()', 'execute'))
  or d.owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid
group by d.owner_id, d.day, d.model;
comment on view usage_days is 'Tokens and cost by owner, day and model, those of deleted conversations included.';
comment on column usage_days.owner_id is 'The owner.';
comment on column usage_days.day is 'The day on which the answers were stored, in UTC.';
comment on column usage_days.model is 'The model. Empty where it is not known.';
comment on column usage_days.answers is 'Answers whose model reported its usage.';
comment on column usage_days.input_tokens is 'Tokens that the model read.';
comment on column usage_days.cached_tokens is 'Of these, tokens that its provider had cached.';
comment on column usage_days.output_tokens is 'Tokens that the model wrote.';
comment on column usage_days.reasoning_tokens is 'Of these, tokens of reasoning.';
comment on column usage_days.total_tokens is 'Tokens in all.';
comment on column usage_days.cost is 'US dollars, where the price of the model is known.';
