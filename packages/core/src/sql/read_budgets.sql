-- Returns an owner's budgets, their own or else the `defaults`, with the amount used in the present day and month in
-- UTC. The caller has set the owner.
create function read_budgets(owner uuid, defaults json) returns table (
  unit text,
  period text,
  most numeric,
  used numeric,
  renews_at timestamp with time zone
)
language plpgsql stable security definer set search_path from current set enable_seqscan = off as $$
#variable_conflict use_column
declare
  today timestamp := date_trunc('day', clock_timestamp() at time zone 'UTC');
  month timestamp := date_trunc('month', today);
  own budgets;
begin
  select * into own from budgets b where b.owner_id = owner;
  return query
  with days as (
    select
      coalesce(sum(d.total_tokens) filter (where d.day = today), 0) as day_tokens,
      coalesce(sum(d.total_tokens), 0) as month_tokens,
      coalesce(sum(d.cost) filter (where d.day = today), 0) as day_cost,
      coalesce(sum(d.cost), 0) as month_cost
    from usage_days d where d.owner_id = owner and d.day >= month::date
  )
  select b.unit, b.period, b.most, b.used,
    (case b.period when 'day' then today + interval '1 day' else month + interval '1 month' end) at time zone 'UTC'
  from days, lateral (values
    ('tokens', 'day', coalesce(own.tokens_per_day, (defaults ->> 'tokens_per_day')::numeric), days.day_tokens),
    ('tokens', 'month', coalesce(own.tokens_per_month, (defaults ->> 'tokens_per_month')::numeric), days.month_tokens),
    ('cost', 'day', coalesce(own.cost_per_day, (defaults ->> 'cost_per_day')::numeric), days.day_cost),
    ('cost', 'month', coalesce(own.cost_per_month, (defaults ->> 'cost_per_month')::numeric), days.month_cost)
  ) b (unit, period, most, used)
  where b.most > 0;
end
$$;
