-- The second lock where the server gives no right to create roles: all functions run as the role that
-- migrates, which row-level security is forced upon; the engine's functions set chatkeep.engine.
create policy engine on owners
  using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
create policy engine on conversations
  using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
create policy engine on messages
  using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
create policy engine on turns
  using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
create policy engine on turn_events
  using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
