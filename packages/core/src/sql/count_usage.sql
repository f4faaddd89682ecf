-- Adds an answer's usage to its owner's day. Never waits for another answer that is being stored: it updates a row that
-- nobody has locked, or inserts one. A negative number or a value that is no number counts as 0, a number above 10^12 as
-- 10^12. The caller has set the owner.
create function count_usage(owner uuid, model_name text, used json) returns void
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
declare
  today date := (clock_timestamp() at time zone 'UTC')::date;
  -- A key of an index has at most 2,704 bytes.
  name text := coalesce(left(model_name, 200), '');
  u record;
begin
  if used is null or json_typeof(used) <> 'object' then
    return;
  end if;
  select
    coalesce(sum(n.value) filter (where n.key = 'input_tokens'), 0)::bigint as input,
    coalesce(sum(n.value) filter (where n.key = 'cached_tokens'), 0)::bigint as cached,
    coalesce(sum(n.value) filter (where n.key = 'output_tokens'), 0)::bigint as output,
    coalesce(sum(n.value) filter (where n.key = 'reasoning_tokens'), 0)::bigint as reasoning,
    coalesce(
      sum(n.value) filter (where n.key = 'total_tokens'),
      sum(n.value) filter (where n.key in ('input_tokens', 'output_tokens')), 0
    )::bigint as total,
    coalesce(sum(n.value) filter (where n.key = 'cost'), 0) as cost
  into u
  from (
    select e.key, least(greatest((e.value #>> '{}')::numeric, 0), 1e12) as value
    from json_each(used) e where json_typeof(e.value) = 'number'
  ) n;
  update usage_days d set
    answers = d.answers + 1,
    input_tokens = d.input_tokens + u.input,
    cached_tokens = d.cached_tokens + u.cached,
    output_tokens = d.output_tokens + u.output,
    reasoning_tokens = d.reasoning_tokens + u.reasoning,
    total_tokens = d.total_tokens + u.total,
    cost = d.cost + u.cost
  where d.owner_id = owner and d.day = today and d.model = name and d.slot = (
    select k.slot from usage_days k
    where k.owner_id = owner and k.day = today and k.model = name limit 1 for no key update skip locked
  );
  if not found then
    insert into usage_days as d
    values (
      owner, today, name, floor(random() * 32768), 1, u.input, u.cached, u.output, u.reasoning, u.total, u.cost
    )
    on conflict (owner_id, day, model, slot) do update set
      answers = d.answers + 1,
      input_tokens = d.input_tokens + u.input,
      cached_tokens = d.cached_tokens + u.cached,
      output_tokens = d.output_tokens + u.output,
      reasoning_tokens = d.reasoning_tokens + u.reasoning,
      total_tokens = d.total_tokens + u.total,
      cost = d.cost + u.cost;
  end if;
end
$$;
