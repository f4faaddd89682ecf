import { randomUUID } from "node:crypto";

import {
  type CoreHistory,
  createHistory,
  createPool,
  migrate,
  openConnection,
  ownerId,
} from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
import { temporaryHome } from "@chatkeep/testing";
import { openEmbeddedDatabase } from "chatkeep/embedded";

import { type Measure, median } from "./measure.ts";

const LONG = 1_000_000;
const FORKS = 1000;
/** How often each call is timed, in turn with the one that it is compared with, after as many that warm up. */
const TIMES = 300;

const silent = { info: () => undefined, error: () => undefined };
const me: Owner = { kind: "user", id: randomUUID() };

/** What pages, appends, turns and contexts cost in a conversation with forks, against one without. */
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
    await fill(history, database.url);
    const page = (id: string) => () => history.listMessages(me, id, { limit: 50 });
    const append = (id: string) => () =>
      history.appendMessages(me, id, [{ role: "user", content: "How do I keep what was said?" }]);
    const context = (id: string) => () => history.getContext(me, id);
    const begin = (id: string) => async () => {
      const { events } = await history.startTurn(me, id, { content: "?" });
      for await (const _ of events) {
        // To the end.
      }
    };
    for (const [name, call] of Object.entries({ page, context, append, turn: begin })) {
      const [forked, plain] = await compare(call("forked"), call("plain"));
      yield {
        name: `a ${name} among ${FORKS} forks in ${LONG} messages, against none (p50)`,
        value: forked,
        unit: "ms",
        limit: plain,
        ratio: forked / plain,
        target: { most: 1.25 },
      };
    }
    const [crossing, straight] = await compare(page("crossing"), page("plain"));
    yield {
      name: "a page of 50 that crosses 50 forks, against one of none (p50)",
      value: crossing,
      unit: "ms",
      limit: straight,
      ratio: crossing / straight,
      target: { most: 1.5 },
    };
  } finally {
    await pool.end();
  }
}

/** Milliseconds of two calls, taken in turn, so that what else the machine does falls on both. */
async function compare(
  one: () => Promise<unknown>,
  other: () => Promise<unknown>,
): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []];
  for (let n = 0; n < 2 * TIMES; n += 1) {
    for (const [index, call] of [one, other].entries()) {
      const began = performance.now();
      await call();
      if (n >= TIMES) times[index]!.push(performance.now() - began);
    }
  }
  return [median(times[0]), median(times[1])];
}

/** A long conversation without forks; one with forks of two messages all over; one with a fork at each message. */
async function fill(history: CoreHistory, url: string): Promise<void> {
  const client = await openConnection(url);
  const sql = (text: string, ...values: unknown[]): Promise<unknown> =>
    client.query(text, [ownerId(me), ...values]);
  for (const [id, count] of [
    ["plain", LONG],
    ["forked", LONG],
    ["crossing", 2 * FORKS],
  ] as const) {
    await history.createConversation(me, { id });
    await sql(
      `insert into chatkeep.messages (owner_id, conversation_id, seq, id, role, parts)
       select $1::uuid, $2, n, 'm' || n, case n % 2 when 1 then 'user' else 'assistant' end,
         '[{"type":"text","text":"How do I keep what was said when the page is closed?"}]'
       from generate_series(1, $3::int) n`,
      id,
      count,
    );
    await sql("update chatkeep.conversations set last_seq = $3 where owner_id = $1 and id = $2", id, count);
  }
  const forked = await client.query<{ every: number }>("select $1::int as every", [LONG / FORKS]);
  await sql(
    // The last two messages of each stretch fork off the first of it; what follows goes on from before them.
    `insert into chatkeep.segments (owner_id, conversation_id, first_seq, parent_seq, depth, next_follows)
     select $1::uuid, 'forked', n * $2::int - 1, n * $2::int - 3, n * $2::int - 3 - 2 * (n - 1) + 1 from generate_series(1, $3::int - 1) n
     union all
     select $1::uuid, 'forked', n * $2::int + 1, n * $2::int - 2, n * $2::int - 2 - 2 * (n - 1) + 1 from generate_series(1, $3::int - 1) n`,
    forked.rows[0]!.every,
    FORKS,
  );
  await sql(
    `update chatkeep.conversations set fork_count = $2::int, elsewhere_count = $2::int
     where owner_id = $1 and id = 'forked'`,
    2 * (FORKS - 1),
  );
  await sql(
    `insert into chatkeep.segments (owner_id, conversation_id, first_seq, parent_seq, depth, next_follows)
     select $1::uuid, 'crossing', 2 * n + 1, 2 * n - 1, n + 1 from generate_series(1, $2::int - 1) n`,
    FORKS,
  );
  await sql(
    `update chatkeep.conversations set fork_count = $2::int, elsewhere_count = $2::int
     where owner_id = $1 and id = 'crossing'`,
    FORKS - 1,
  );
  await client.query("vacuum analyze");
  await client.end();
}
