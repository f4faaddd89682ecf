-- Moves new turns on to the next partition of events once the present one is `grace` old, after emptying
-- it. It holds turns begun two rotations ago; while one of those still runs or was settled less than
-- `grace` ago, nothing moves. True if it moved.
create function rotate_events(grace interval) returns boolean
language plpgsql security definer set search_path from current as $$
declare
  next_partition smallint;
  settled_after timestamptz := clock_timestamp() - grace;
  in_use boolean;
begin
  select ((s.partition + 1) % 3)::smallint into next_partition from event_partition s
  where s.since < clock_timestamp() - grace for update skip locked;
  if not found then
    return false;
  end if;
  perform set_config('chatkeep.engine', 'on', true);
  in_use := exists (
    select from running_turns t where t.partition = next_partition
  ) or exists (
    select from turns t where t.partition = next_partition and t.settled_at > settled_after
  );
  perform set_config('chatkeep.engine', 'off', true);
  if in_use then
    return false;
  end if;
  -- A reader in its way is waited for briefly; else it is tried again with the next tick.
  set local lock_timeout = '200ms';
  case next_partition
    when 0 then truncate turn_events_0;
    when 1 then truncate turn_events_1;
    when 2 then truncate turn_events_2;
  end case;
  update event_partition s set partition = next_partition, since = clock_timestamp();
  return true;
end
$$;
