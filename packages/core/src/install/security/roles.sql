-- The second lock, where the server lets us create roles: the owners' functions run as
-- chatkeep_store, which sees one owner's rows at a time; the engine's run as chatkeep_engine.
-- Neither can log in; whoever does log in has no right on any table, only on the functions.
grant usage on schema :schema to chatkeep_store;
grant usage on sequence activity to chatkeep_store;
grant select, insert, update, delete on owners, conversations, messages, turns, turn_events to chatkeep_store;
grant select on nodes to chatkeep_store;

create policy engine on owners to chatkeep_engine using (true) with check (true);
create policy engine on conversations to chatkeep_engine using (true) with check (true);
create policy engine on messages to chatkeep_engine using (true) with check (true);
create policy engine on turns to chatkeep_engine using (true) with check (true);
create policy engine on turn_events to chatkeep_engine using (true) with check (true);
