import { createHistory, createPool, migrate } from "@chatkeep/core";
import type { History } from "@chatkeep/protocol";
import { temporaryHome } from "@chatkeep/testing";
import { openEmbeddedDatabase } from "chatkeep/embedded";

import type { Measure } from "./measure.ts";
import { type RaceOptions, race } from "./race.ts";
import { createLimit } from "./store/limit.ts";
import { migrateOpen } from "./store/open.ts";
import { measureStarts } from "./store/start.ts";
import { type Thread, fillThread, newThread } from "./store/thread.ts";

const IN_FLIGHT = 32;
const LONG = 1_000_000;
const SHORT = 1000;

/** What a message of the measurements says: as long as questions are. */
const CONTENT = "How do I keep what was said when the page is closed? ".repeat(3).trim();

const silent = { info: () => undefined, error: () => undefined };

/** Short turns: a disk that commits slowly for a second is slow for both. */
const rounds: RaceOptions = { inFlight: IN_FLIGHT, rounds: 60, milliseconds: 250 };

/** The store against the same SQL without us, against itself at a million messages, and from a cold start. */
export async function* measureStore(): AsyncGenerator<Measure> {
  await using home = temporaryHome();
  {
    await using database = await openEmbeddedDatabase({ home: home.path, log: silent });
    const pool = createPool(database.url);
    await migrate(pool);
    await using history = createHistory({ pool });
    // Where no row-level security is: what that costs is the measurement "isolation".
    const schema = await migrateOpen(pool);
    await using open = createHistory({ pool, schema });
    const limit = createLimit(pool, schema);
    const append = (store: History, { owner, id }: Thread): Promise<unknown> =>
      store.appendMessages(owner, id, [{ role: "user", content: CONTENT }]);
    const page = (store: History, { owner, id }: Thread): Promise<unknown> =>
      store.listMessages(owner, id, { limit: 20 });
    const newThreads = (): Promise<Thread[]> =>
      Promise.all(Array.from({ length: IN_FLIGHT }, () => newThread(open)));

    const ours = await newThreads();
    const theirs = await newThreads();
    const appends = await race(
      (worker) => append(open, ours[worker]!),
      (worker) => limit.append(theirs[worker]!, CONTENT),
      rounds,
    );
    yield {
      name: `append a message, ${IN_FLIGHT} in flight, against the bare statement`,
      value: appends.first,
      unit: "/s",
      limit: appends.second,
      ratio: appends.ratio,
      target: { least: 0.87 },
      bare: true,
    };
    const pages = await race(
      (worker) => page(open, ours[worker]!),
      (worker) => limit.page(theirs[worker]!),
      rounds,
    );
    yield {
      name: `read a page of 20, ${IN_FLIGHT} in flight, against the bare statement`,
      value: pages.first,
      unit: "/s",
      limit: pages.second,
      ratio: pages.ratio,
      target: { least: 0.8 },
      bare: true,
    };

    // Each in one conversation, so that both wait for the same row lock.
    const short = await newThread(history);
    const long = await newThread(history);
    await fillThread(database.url, short, SHORT, CONTENT);
    await fillThread(database.url, long, LONG, CONTENT);
    const appendsByLength = await race(
      () => append(history, short),
      () => append(history, long),
      rounds,
    );
    yield {
      name: "time of an append at 1,000,000 messages, against 1,000",
      value: 1000 / appendsByLength.second,
      unit: "ms",
      limit: 1000 / appendsByLength.first,
      ratio: appendsByLength.ratio,
      target: { most: 1.2 },
    };
    const pagesByLength = await race(
      () => page(history, short),
      () => page(history, long),
      rounds,
    );
    yield {
      name: "time of a page of 20 at 1,000,000 messages, against 1,000",
      value: 1000 / pagesByLength.second,
      unit: "ms",
      limit: 1000 / pagesByLength.first,
      ratio: pagesByLength.ratio,
      target: { most: 1.2 },
    };
    await history.close();
    await pool.end();
  }
  yield* measureStarts();
}
