--! breaking
-- The field's word for which part of turn_events holds a turn's events.
alter table event_slot rename to event_partition;
alter table event_partition rename slot to partition;
alter table event_partition rename constraint event_slot_pkey to event_partition_pkey;
alter table event_partition rename constraint event_slot_single_check to event_partition_single;
alter table turns rename slot to partition;
alter table turn_events rename slot to partition;
alter index turns_slot rename to turns_partition;

-- A turn stands here until it is settled, and then in `turns`, which is only added to. As one table, settling wrote its
-- row again into every index, because three of them named the status (docs/decisions/0049).
create table running_turns (like turns including defaults);
alter table running_turns
  -- One running turn a conversation.
  add constraint running_turns_pkey primary key (owner_id, conversation_id),
  add constraint running_turns_conversation foreign key (owner_id, conversation_id)
    references conversations (owner_id, id) on delete cascade on update cascade,
  add constraint running_turns_status check (status = 'running' and settled_at is null);
create unique index running_turns_node on running_turns (node_id, id);

alter table running_turns enable row level security;
alter table running_turns force row level security;
create policy owner on running_turns
  using ((owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid) is true);

do $$
begin
  if schema_security() = 'roles' then
    grant select, insert, update, delete on running_turns to chatkeep_store;
    grant select on event_partition to chatkeep_store;
    -- A lock on a node's row asked for it.
    revoke update (lease_until) on nodes from chatkeep_store;
    create policy engine on running_turns to chatkeep_engine using (true) with check (true);
  else
    create policy engine on running_turns
      using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
  end if;
  perform set_config('chatkeep.engine', 'on', true);
  insert into running_turns select t.* from turns t where t.status = 'running';
  delete from turns t where t.status = 'running';
  perform set_config('chatkeep.engine', 'off', true);
end
$$;

drop index turns_node;
drop index turns_running;
drop index turns_stopping;
alter table turns
  alter status drop default,
  drop constraint turns_settled,
  -- "Not valid": the rule before, and the deletion above, imply it.
  add constraint turns_settled check (status <> 'running' and settled_at is not null) not valid;
