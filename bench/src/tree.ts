import { randomUUID } from "node:crypto";

import { type CoreHistory, createHistory, createPool, migrate } from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
import { temporaryHome } from "@chatkeep/testing";
import { openEmbeddedDatabase } from "chatkeep/embedded";
import type { Pool } from "pg";

import { type Measure, median } from "./measure.ts";
import { fillTrees } from "./tree/fill.ts";
import { openStores } from "./tree/peers.ts";

const MESSAGES = 1_000_000;
const FORKS = 1000;
/** How often each call is timed, in turn with those that it is compared with. */
const TIMES = 300;
/** Rounds against other stores, which take up to 0.1 s a call. */
const PEER_TIMES = 30;

const silent = { info: () => undefined, error: () => undefined };
const me: Owner = { kind: "user", id: randomUUID() };

/** What pages, appends, turns and contexts cost in a conversation with forks, against one without, and in other stores. */
export async function* measureTree(): AsyncGenerator<Measure> {
  await using home = temporaryHome();
  await using database = await openEmbeddedDatabase({ home: home.path, log: silent });
  const pool = createPool(database.url);
  try {
    await migrate(pool);
    await using history = createHistory({
      pool,
      responder: async function* answer() {
        yield "Yes.";
      },
    });
    await fillTrees(history, database.url, { owner: me, messages: MESSAGES, forks: FORKS });
    yield* measureForks(history);
    for (const count of [10, 1000, 10_000])
      yield* measureStores({ pool, url: database.url, history, owner: me, count });
  } finally {
    await pool.end();
  }
}

/** The same calls with forks and without. */
async function* measureForks(history: CoreHistory): AsyncGenerator<Measure> {
  const page = (id: string, before?: number) => () => history.listMessages(me, id, { limit: 50, before });
  const crossing = await compare([page("plain"), page("crossing")], TIMES);
  yield {
    name: "a page of 50 that crosses 50 forks, against one of none (p50)",
    unit: "ms",
    ...crossing[1]!,
    target: { most: 1.5 },
  };
  const calls = {
    page,
    "page in the middle": (id: string) => page(id, MESSAGES / 2),
    context: (id: string) => () => history.getContext(me, id),
    append: (id: string) => () =>
      history.appendMessages(me, id, [{ role: "user", content: "How do I keep what was said?" }]),
    turn: (id: string) => async () => {
      const { events } = await history.startTurn(me, id, { content: "?" });
      for await (const _ of events) {
        // To the end.
      }
    },
  };
  for (const [name, call] of Object.entries(calls)) {
    const [, forked] = await compare([call("plain"), call("forked")], TIMES);
    yield {
      name: `a ${name} among ${FORKS} forks in ${MESSAGES} messages, against none (p50)`,
      unit: "ms",
      ...forked!,
      target: { most: 1.25 },
    };
  }
}

/** One more message, and opening the conversation, in each store; how much each writes to the disk. */
async function* measureStores(options: Parameters<typeof openStores>[0]): AsyncGenerator<Measure> {
  const { pool, count } = options;
  const stores = await openStores(options);
  for (const act of ["append", "open"] as const) {
    const times = await compare(
      stores.map((store) => () => store[act]()),
      PEER_TIMES,
    );
    for (const [place, { value, limit, ratio }] of times.entries()) {
      const name = `${stores[place]!.name}: ${act} at ${count} messages (p50)`;
      yield place === 0 ? { name, unit: "ms", value } : { name, unit: "ms", value, limit, ratio };
    }
  }
  const written: number[] = [];
  for (const store of stores) {
    const sizes: number[] = [];
    for (let time = 0; time < 5; time += 1) sizes.push(await walOf(pool, () => store.append()));
    written.push(median(sizes));
    const [ours] = written;
    const name = `${store.name}: bytes of WAL an append at ${count} messages`;
    const value = written.at(-1)!;
    yield written.length === 1
      ? { name, unit: "bytes", value }
      : { name, unit: "bytes", value, limit: ours!, ratio: value / ours! };
  }
}

async function walOf(pool: Pool, work: () => Promise<void>): Promise<number> {
  const read = async (): Promise<string> =>
    (await pool.query<{ at: string }>("select pg_current_wal_insert_lsn()::text as at")).rows[0]!.at;
  const before = await read();
  await work();
  const { rows } = await pool.query<{ size: string }>("select pg_wal_lsn_diff($1, $2)::text as size", [
    await read(),
    before,
  ]);
  return Number(rows[0]!.size);
}

interface Compared {
  /** Milliseconds: medians of this call and of the first one. */
  readonly value: number;
  readonly limit: number;
  /** The median of the rounds' ratios. */
  readonly ratio: number;
}

/** Times calls in turn, so that what else the machine does falls on all, after a third as many rounds that warm up. */
async function compare(calls: readonly (() => Promise<unknown>)[], times: number): Promise<Compared[]> {
  const rounds: number[][] = [];
  for (let n = -times / 3; n < times; n += 1) {
    const round: number[] = [];
    for (const call of calls) {
      const began = performance.now();
      await call();
      round.push(performance.now() - began);
    }
    if (n >= 0) rounds.push(round);
  }
  return calls.map((_, place) => ({
    value: median(rounds.map((round) => round[place]!)),
    limit: median(rounds.map((round) => round[0]!)),
    ratio: median(rounds.map((round) => round[place]! / round[0]!)),
  }));
}
