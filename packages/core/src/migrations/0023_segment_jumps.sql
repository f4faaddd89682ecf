-- A page far behind the leaf passed the segments between them 64 at a time: 10,000 took 157 lookups. Now each segment
-- also names one further back, as nodes of a skew-binary list do over blocks of 64, and 10,000 take 16. Those that exist
-- are still passed 64 at a time.
alter table segments
  -- How many segments lead to this one.
  add column rank integer not null default 0,
  -- A segment before the 64, and its last number on this branch.
  add column jump_first bigint,
  add column jump_last bigint;
