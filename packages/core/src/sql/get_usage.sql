-- Returns an owner's usage in the last days (1 is today), the latest day first, and the owner's budgets.
create function get_usage(owner uuid, days integer, defaults json) returns json
language plpgsql stable security definer set search_path from current set enable_seqscan = off as $$
declare
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
  since date := (clock_timestamp() at time zone 'UTC')::date - days + 1;
begin
  return json_build_object(
    'days', (
      select coalesce(json_agg(s order by s.day desc, s.model), '[]') from (
        select d.day, d.model, sum(d.answers) as answers, sum(d.input_tokens) as input_tokens,
          sum(d.cached_tokens) as cached_tokens, sum(d.output_tokens) as output_tokens,
          sum(d.reasoning_tokens) as reasoning_tokens, sum(d.total_tokens) as total_tokens, sum(d.cost) as cost
        from usage_days d where d.owner_id = owner and d.day >= since group by d.day, d.model
      ) s
    ),
    'budgets', (select coalesce(json_agg(b), '[]') from read_budgets(owner, defaults) b)
  );
end
$$;
