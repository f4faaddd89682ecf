-- What an owner's answers used in a day, a model: added up as they are stored. It stays when conversations are deleted.
create table usage_days (
  owner_id uuid not null,
  -- In UTC.
  day date not null,
  -- Empty where it is not known.
  model text collate "C" not null,
  -- One row, and another for each answer that was stored while all others were locked: nobody waits to count.
  slot smallint not null,
  answers bigint not null,
  input_tokens bigint not null,
  -- Of the input.
  cached_tokens bigint not null,
  output_tokens bigint not null,
  -- Of the output.
  reasoning_tokens bigint not null,
  total_tokens bigint not null,
  -- US dollars.
  cost numeric not null,
  constraint usage_days_pkey primary key (owner_id, day, model, slot),
  constraint usage_days_owner foreign key (owner_id) references owners (id) on delete cascade
) with (fillfactor = 50);
-- For the sums of all owners. As an expression, or a plan that knows no owner takes it to find an owner's day.
create index usage_days_day on usage_days ((day + 0));

-- An owner's own budgets: null is the default, 0 no limit.
create table budgets (
  owner_id uuid not null,
  tokens_per_day bigint,
  tokens_per_month bigint,
  cost_per_day numeric,
  cost_per_month numeric,
  constraint budgets_pkey primary key (owner_id),
  constraint budgets_owner foreign key (owner_id) references owners (id) on delete cascade,
  constraint budgets_range check (least(tokens_per_day, tokens_per_month, cost_per_day, cost_per_month) >= 0)
);

alter table usage_days enable row level security;
alter table usage_days force row level security;
create policy owner on usage_days using ((owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid) is true);
alter table budgets enable row level security;
alter table budgets force row level security;
create policy owner on budgets using ((owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid) is true);
do $$
begin
  if schema_security() = 'roles' then
    grant select, insert, update, delete on usage_days, budgets to chatkeep_store;
    create policy engine on usage_days to chatkeep_engine using (true) with check (true);
    create policy engine on budgets to chatkeep_engine using (true) with check (true);
  else
    create policy engine on usage_days
      using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
    create policy engine on budgets
      using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
  end if;
end
$$;
