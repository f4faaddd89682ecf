-- Raises 'rate_limited' with the budget of the owner that is used up and renewed last. The caller has set the owner.
create function check_budgets(owner uuid, defaults json) returns void
language plpgsql security definer set search_path from current set enable_seqscan = off as $$
declare
  spent json;
begin
  if defaults is null and not exists (select from budgets b where b.owner_id = owner) then
    return;
  end if;
  select to_json(b) into spent from read_budgets(owner, defaults) b
  where b.used >= b.most order by b.renews_at desc limit 1;
  if found then
    raise exception 'rate_limited' using errcode = 'CK000', detail = spent;
  end if;
end
$$;
