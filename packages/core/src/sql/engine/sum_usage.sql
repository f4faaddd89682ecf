-- Returns the usage of all owners in the last days (1 is today), by day and model, the latest day first, with the number
-- of owners. Reads a row for each owner, day and model.
create function sum_usage(days integer) returns json
language plpgsql security definer set search_path from current as $$
declare
  since date := (clock_timestamp() at time zone 'UTC')::date - days + 1;
  found json;
begin
  perform set_config('chatkeep.engine', 'on', true);
  select coalesce(json_agg(s order by s.day desc, s.model), '[]') into found from (
    select d.day, d.model, count(distinct d.owner_id) as owners, sum(d.answers) as answers,
      sum(d.input_tokens) as input_tokens, sum(d.cached_tokens) as cached_tokens,
      sum(d.output_tokens) as output_tokens, sum(d.reasoning_tokens) as reasoning_tokens,
      sum(d.total_tokens) as total_tokens, sum(d.cost) as cost
    from usage_days d where d.day + 0 >= since group by d.day, d.model
  ) s;
  perform set_config('chatkeep.engine', 'off', true);
  return found;
end
$$;
