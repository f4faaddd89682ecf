-- Sets an owner's own budgets: null is the default, 0 no limit.
create function set_budgets(
  owner uuid,
  owner_kind text,
  tokens_per_day bigint,
  tokens_per_month bigint,
  cost_per_day double precision,
  cost_per_month double precision
) returns void
language plpgsql security definer set search_path from current as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  insert into owners (id, kind) values (owner, owner_kind) on conflict do nothing;
  insert into budgets values (owner, tokens_per_day, tokens_per_month, cost_per_day, cost_per_month)
  on conflict on constraint budgets_pkey do update set
    tokens_per_day = excluded.tokens_per_day, tokens_per_month = excluded.tokens_per_month,
    cost_per_day = excluded.cost_per_day, cost_per_month = excluded.cost_per_month;
end
$$;
