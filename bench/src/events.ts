import { type ConnectionPool, createPool } from "@chatkeep/core";
import { temporaryHome } from "@chatkeep/testing";
import { openEmbeddedDatabase } from "chatkeep/embedded";

import { FLUSH, createLog } from "./events/log.ts";
import type { Measure } from "./measure.ts";
import { race } from "./race.ts";

const silent = { info: () => undefined, error: () => undefined };
const rounds = { inFlight: 1, rounds: 9, milliseconds: 500 };
/** Statements whose bytes are counted, and those that fill what is emptied. */
const COUNTED = 200;
const FILLED = 3000;

/**
 * What the log of events costs as it is, and what it would cost otherwise: with a foreign key, with a lock
 * on every turn, and emptied row by row. The statements are flushes of 100 turns with an event each.
 */
export async function* measureEvents(): AsyncGenerator<Measure> {
  await using home = temporaryHome();
  await using database = await openEmbeddedDatabase({ home: home.path, log: silent });
  const pool = createPool(database.url, { statementTimeout: 120_000 });
  const log = await createLog(pool);

  for (const [name, other] of [
    ["a foreign key to the turns", log.flushLinked],
    ["a lock and a lease on each turn", log.flushLocking],
  ] as const) {
    const { first, second, ratio } = await race(log.flush, other, rounds);
    yield {
      name: `events written, against ${name}`,
      value: first * FLUSH,
      unit: "/s",
      limit: second * FLUSH,
      ratio,
    };
    const bytes = (await walOf(pool, log.flush)) / (await walOf(pool, other));
    yield { name: `bytes of WAL, as a share of those with ${name}`, value: bytes, unit: "" };
  }

  await pool.query({ text: "truncate bench.kept, bench.linked" });
  for (let count = 0; count < FILLED; count += 1) {
    await log.flush();
    await log.flushLinked();
  }
  await pool.query({ text: "vacuum analyze" });
  const truncated = await costOf(pool, "truncate bench.kept_0");
  const deleted = await costOf(pool, "delete from bench.linked");
  const rows = (FILLED * FLUSH).toLocaleString("en");
  yield {
    name: `${rows} events dropped by truncate, against delete`,
    value: truncated.milliseconds,
    unit: "ms",
    limit: deleted.milliseconds,
    ratio: truncated.milliseconds / deleted.milliseconds,
  };
  yield {
    name: `bytes of WAL to drop ${rows} events, against delete`,
    value: truncated.bytes,
    unit: "B",
    limit: deleted.bytes,
    ratio: truncated.bytes / deleted.bytes,
  };
  await pool.end();
}

async function walOf(pool: ConnectionPool, flush: () => Promise<unknown>): Promise<number> {
  const before = await position(pool);
  for (let count = 0; count < COUNTED; count += 1) await flush();
  return (await position(pool)) - before;
}

async function costOf(pool: ConnectionPool, text: string): Promise<{ milliseconds: number; bytes: number }> {
  await pool.query({ text: "checkpoint" });
  const before = await position(pool);
  const begin = performance.now();
  await pool.query({ text });
  return { milliseconds: performance.now() - begin, bytes: (await position(pool)) - before };
}

async function position(pool: ConnectionPool): Promise<number> {
  const { rows } = await pool.query({
    text: "select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as value",
  });
  return Number((rows[0] as { value: string }).value);
}
