import { randomUUID } from "node:crypto";

import type { ConnectionPool } from "@chatkeep/core";

/** Events of one flush, each of another turn. */
export const FLUSH = 100;

/** A log of events in three forms; each function writes the next event of every turn in one statement. */
export interface EventLog {
  /** As it is: one lock on the node's row, no foreign key. */
  flush(): Promise<unknown>;
  /** With a foreign key to the turns. */
  flushLinked(): Promise<unknown>;
  /** With a lease on every turn in place of the node's. */
  flushLocking(): Promise<unknown>;
}

const TABLES = `
  create schema bench;
  create table bench.nodes (id bigint primary key, lease_until timestamptz not null);
  insert into bench.nodes values (1, 'infinity');
  create table bench.turns (
    owner_id uuid not null, id uuid not null, lease_until timestamptz, primary key (owner_id, id)
  );
  create table bench.kept (
    owner_id uuid not null, turn_id uuid not null, seq integer not null, slot smallint not null, chunk json not null,
    primary key (owner_id, turn_id, seq, slot)
  ) partition by list (slot);
  create table bench.kept_0 partition of bench.kept for values in (0);
  create table bench.kept_1 partition of bench.kept for values in (1);
  create table bench.kept_2 partition of bench.kept for values in (2);
  create table bench.linked (
    owner_id uuid not null, turn_id uuid not null, seq integer not null, chunk json not null,
    primary key (owner_id, turn_id, seq),
    foreign key (owner_id, turn_id) references bench.turns (owner_id, id) on delete cascade
  )`;

const LOCK = "select 1 from bench.nodes where id = 1 for key share";
const EVENTS =
  "unnest($1::uuid[], $2::uuid[], $3::integer[], $4::json[]) as e (owner_id, turn_id, seq, chunk)";
const RENEW = `
  update bench.turns t set lease_until = clock_timestamp() + interval '8 seconds'
  from unnest($1::uuid[], $2::uuid[]) as mine (owner_id, id)
  where t.owner_id = mine.owner_id and t.id = mine.id returning 1`;

const STATEMENTS = {
  flush: `with node as (${LOCK})
    insert into bench.kept (owner_id, turn_id, seq, slot, chunk)
    select e.owner_id, e.turn_id, e.seq, 0, e.chunk from node, ${EVENTS} on conflict do nothing`,
  flushLinked: `with node as (${LOCK})
    insert into bench.linked (owner_id, turn_id, seq, chunk)
    select e.owner_id, e.turn_id, e.seq, e.chunk from node, ${EVENTS} on conflict do nothing`,
  flushLocking: `with mine as (${RENEW})
    insert into bench.kept (owner_id, turn_id, seq, slot, chunk)
    select e.owner_id, e.turn_id, e.seq, 0, e.chunk from ${EVENTS} where (select count(*) from mine) > 0
    on conflict do nothing`,
};

/** Makes the tables and the turns. */
export async function createLog(pool: ConnectionPool): Promise<EventLog> {
  await pool.query({ text: TABLES });
  const turns = Array.from({ length: FLUSH }, () => ({ owner: randomUUID(), id: randomUUID() }));
  const owners = turns.map(({ owner }) => owner);
  const ids = turns.map(({ id }) => id);
  await pool.query({
    text: "insert into bench.turns (owner_id, id) select * from unnest($1::uuid[], $2::uuid[])",
    values: [owners, ids],
  });
  const chunks = turns.map(() => JSON.stringify({ type: "text-delta", id: "1", delta: "words " }));
  let seq = 0;
  const statement = (name: keyof typeof STATEMENTS) => () => {
    seq += 1;
    const seqs = turns.map(() => seq);
    return pool.query({ name, text: STATEMENTS[name], values: [owners, ids, seqs, chunks] });
  };
  return {
    flush: statement("flush"),
    flushLinked: statement("flushLinked"),
    flushLocking: statement("flushLocking"),
  };
}
