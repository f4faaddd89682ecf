-- When somebody stopped what was about to begin: a turn whose question arrived before is stopped as it begins.
alter table conversations add column stop_asked_at timestamptz;
