-- The schemas of functions that are in use, so that a release whose nodes are all gone leaves nothing behind.
create table releases (
  functions text collate "C" primary key,
  used_at timestamptz not null default clock_timestamp()
);
-- Earlier releases did not register: they count as used now.
insert into releases (functions)
select n.nspname from pg_namespace n
where n.nspname ~ ('^' || current_schema() || '_v[0-9]+_[0-9a-f]{8}$') and n.nspowner = (
  select o.nspowner from pg_namespace o where o.nspname = current_schema()
);

-- A migration is breaking when the functions of older releases fail after it.
alter table migrations add column breaking boolean not null default false;

-- The last migration that older releases cannot work with; 0: none.
create function breaking_version() returns integer language sql security definer set search_path from current
  as 'select coalesce(max(version) filter (where breaking), 0) from migrations';
