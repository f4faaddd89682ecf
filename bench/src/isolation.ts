import { type ConnectionPool, createHistory, createPool, migrate } from "@chatkeep/core";
import { temporaryHome } from "@chatkeep/testing";
import { openEmbeddedDatabase } from "chatkeep/embedded";

import type { Measure } from "./measure.ts";
import { type RaceOptions, race } from "./race.ts";
import { migrateOpen } from "./store/open.ts";
import { type Thread, newThread } from "./store/thread.ts";

const IN_FLIGHT = 32;

/** What a message of the measurements says: as long as questions are. */
const CONTENT = "How do I keep what was said when the page is closed? ".repeat(3).trim();

const rounds: RaceOptions = { inFlight: IN_FLIGHT, rounds: 36, milliseconds: 250 };

/**
 * What the second lock costs: the same functions over two schemas of one database, one with row-level
 * security and one from which it was taken, in rounds that take turns.
 */
export async function* measureIsolation(): AsyncGenerator<Measure> {
  await using home = temporaryHome();
  const log = { info: () => undefined, error: () => undefined };
  await using database = await openEmbeddedDatabase({ home: home.path, log });
  const pool = createPool(database.url);
  await migrate(pool);
  const schema = await migrateOpen(pool);
  const counted = countStatements(pool);
  await using locked = createHistory({ pool: counted.pool });
  await using open = createHistory({ pool, schema });

  const append = (history: typeof locked, { owner, id }: Thread): Promise<unknown> =>
    history.appendMessages(owner, id, [{ role: "user", content: CONTENT }]);
  const page = (history: typeof locked, { owner, id }: Thread): Promise<unknown> =>
    history.listMessages(owner, id, { limit: 20 });
  const threads = (history: typeof locked): Promise<Thread[]> =>
    Promise.all(Array.from({ length: IN_FLIGHT }, () => newThread(history)));
  const [ours, theirs] = [await threads(locked), await threads(open)];

  for (const [name, call, least] of [
    ["append a message", append, 0.9],
    ["read a page of 20", page, 0.75],
  ] as const) {
    const before = counted.sent();
    let calls = 0;
    const { first, second, ratio } = await race(
      (worker) => {
        calls += 1;
        return call(locked, ours[worker]!);
      },
      (worker) => call(open, theirs[worker]!),
      rounds,
    );
    yield {
      name: `${name}, ${IN_FLIGHT} in flight, against the same without row-level security`,
      value: first,
      unit: "/s",
      limit: second,
      ratio,
      target: { least },
      bare: true,
    };
    yield {
      name: `round trips to ${name}`,
      value: (counted.sent() - before) / calls,
      unit: "",
      target: { most: 1 },
    };
  }
  await pool.end();
}

/** The pool, which tells how many statements were sent for those who called, not by the node itself. */
function countStatements(pool: ConnectionPool): { pool: ConnectionPool; sent: () => number } {
  let sent = 0;
  return {
    sent: () => sent,
    pool: {
      query: (config) => {
        if (!/select 1|_node|take_over|rotate_events|write_events/.test(config.text)) sent += 1;
        return pool.query(config);
      },
      connect: () => pool.connect(),
      on: (event, listener) => pool.on(event, listener),
    },
  };
}
