-- Settles turns that have waited for a person since before `waited` as interrupted, with the given error: the next
-- `page_limit`. Their messages stay as they are. True if there may be more.
create function expire_waiting(waited interval, reason json, page_limit integer) returns boolean
language plpgsql security definer set search_path from current as $$
declare
  -- A variable, because the volatile clock_timestamp() does not bound an index scan.
  before timestamptz := clock_timestamp() - waited;
  due record;
  expired integer := 0;
begin
  perform set_config('chatkeep.engine', 'on', true);
  for due in
    select t.owner_id, t.id, t.conversation_id from turns t
    where t.status = 'waiting' and t.settled_at < before order by t.settled_at limit page_limit
  loop
    -- The conversation first, as everywhere. One that is busy just now has its turn at the next call.
    perform 1 from conversations c where c.owner_id = due.owner_id and c.id = due.conversation_id for no key update skip locked;
    if found then
      update turns t set status = 'interrupted', error = reason
      where t.owner_id = due.owner_id and t.id = due.id and t.status || '' = 'waiting'; -- As in end_waiting.
      update conversations c set waiting_turn = null
      where c.owner_id = due.owner_id and c.id = due.conversation_id and c.waiting_turn = due.id;
      expired := expired + 1;
    end if;
  end loop;
  perform set_config('chatkeep.engine', 'off', true);
  return expired = page_limit;
end
$$;
