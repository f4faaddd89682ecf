import { createHistory, createPool, migrate } from "@chatkeep/core";
import { temporaryHome } from "@chatkeep/testing";
import { openEmbeddedDatabase } from "chatkeep/embedded";

import {
  type Filled,
  dropIndex,
  fillConversation,
  fillOthers,
  finishFilling,
  sentence,
} from "./context/fill.ts";
import { type Measure, median, percentile } from "./measure.ts";
import { race } from "./race.ts";

/** Messages of other owners in the same table. */
const OTHERS = 5_000_000;
const LONG = 1_000_000;
const RECALLED = 100_000;
const SHORT = 1000;
/** How often each call is timed, after as many that warm up. */
const TIMES = 200;

const silent = { info: () => undefined, error: () => undefined };

/** What contexts, recall, search and their index cost, in a large table. */
export async function* measureContext(): AsyncGenerator<Measure> {
  await using home = temporaryHome();
  await using database = await openEmbeddedDatabase({ home: home.path, log: silent });
  const pool = createPool(database.url);
  try {
    await migrate(pool);
    await using history = createHistory({ pool });
    await dropIndex(database.url);
    const conversations: Filled[] = [];
    for (const count of [SHORT, LONG, RECALLED]) {
      conversations.push(await fillConversation(history, database.url, count));
    }
    await fillOthers(database.url, OTHERS);
    await finishFilling(database.url);
    const [short, long, recalled] = conversations as [Filled, Filled, Filled];

    const latest = ({ owner, id }: Filled): Promise<unknown> => history.getContext(owner, id);
    const [atShort, atLong] = [await timesOf(() => latest(short)), await timesOf(() => latest(long))];
    yield {
      name: "the latest turns of 1,000,000 messages, against those of 1,000 (p50)",
      value: median(atLong),
      unit: "ms",
      limit: median(atShort),
      ratio: median(atLong) / median(atShort),
      target: { most: 1.2 },
    };

    const { owner, id } = recalled;
    const withRecall = await timesOf(() => history.getContext(owner, id, { question: sentence(6) }));
    yield {
      name: "a context with recall, 100,000 messages among 5,000,000 (p50)",
      value: median(withRecall),
      unit: "ms",
      target: { most: 25 },
    };
    yield {
      name: "a context with recall, 100,000 messages among 5,000,000 (p95)",
      value: percentile(withRecall, 95),
      unit: "ms",
      target: { most: 80 },
    };

    const searched = await timesOf(() => history.searchMessages(owner, { text: sentence(2) }));
    yield { name: "a search of two words, same table (p50)", value: median(searched), unit: "ms" };
    yield {
      name: "a search of two words, same table (p95)",
      value: percentile(searched, 95),
      unit: "ms",
      target: { most: 80 },
    };
    const common = await timesOf(() => history.searchMessages(owner, { text: "w1" }));
    yield {
      name: "a search of the commonest word, same table (p95)",
      value: percentile(common, 95),
      unit: "ms",
      target: { most: 80 },
    };

    const append = (content: () => string) => () =>
      history.appendMessages(short.owner, short.id, [{ role: "user", content: content() }]);
    const appends = await race(
      // A message without a word is in no index.
      append(() => "?".repeat(75)),
      append(() => sentence(12)),
      { inFlight: 1, rounds: 9, milliseconds: 1000 },
    );
    yield {
      name: "an append that no search finds, against one of 12 words (how much the index adds)",
      value: appends.first,
      unit: "/s",
      limit: appends.second,
      ratio: appends.ratio,
      target: { most: 1.5 },
    };
  } finally {
    await pool.end();
  }
}

/** Milliseconds of each call. */
async function timesOf(work: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < 2 * TIMES; n += 1) {
    const began = performance.now();
    await work();
    if (n >= TIMES) times.push(performance.now() - began);
  }
  return times;
}
