-- Requests that came without an id of their own, by what they say, and the id that each was given: so that
-- one which is sent again, because its reply was lost, is known on every node. Kept for minutes.
create table sendings (
  owner_id uuid not null references owners (id) on delete cascade,
  digest bytea not null,
  id uuid not null,
  -- Named by a retry, before its first sending was seen.
  is_ahead boolean not null,
  sent_at timestamptz not null,
  constraint sendings_pkey primary key (owner_id, digest),
  constraint sendings_digest check (octet_length(digest) = 32)
);
create index sendings_sent on sendings (sent_at);

alter table sendings enable row level security;
alter table sendings force row level security;
create policy owner on sendings using (owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid);
do $$
begin
  if schema_security() = 'roles' then
    grant select, insert, update on sendings to chatkeep_store;
    create policy engine on sendings to chatkeep_engine using (true) with check (true);
  else
    create policy engine on sendings
      using (current_setting('chatkeep.engine', true) = 'on') with check (current_setting('chatkeep.engine', true) = 'on');
  end if;
end
$$;
