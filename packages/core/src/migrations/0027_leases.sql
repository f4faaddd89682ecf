-- A database that stood still, or whose clock was set back, does not cost living nodes their turns, nor dead ones leave
-- theirs running.
alter table nodes
  -- Of the lease. An hour for nodes of older releases.
  add column duration interval not null default '1 hour',
  -- Since when the lease has not run out; `-infinity` since the node was registered.
  add column held_since timestamptz not null default '-infinity';
