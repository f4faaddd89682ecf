import { createHistory, createPool } from "@chatkeep/core";
import type { History, Owner } from "@chatkeep/protocol";
import { UNHURRIED, fileDatabase, takeTimers } from "@chatkeep/testing";
import type { Pool } from "pg";
import { afterAll, describe, expect, it } from "vitest";

import { newSession } from "./fixture.ts";

const { url } = await fileDatabase();
const pool = createPool(url, UNHURRIED.pool);
const history = createHistory({ ...UNHURRIED.history, pool });
afterAll(async () => {
  await history.close();
  await pool.end();
});

/** A conversation of messages that are named by letters: a-b-c, and x behind a, which is the head. */
async function letters(): Promise<{ me: Owner; id: string }> {
  const me = newSession();
  const { conversation } = await history.createConversation(me);
  const { id } = conversation;
  const say = (ids: string, parent: string | null) =>
    history.appendMessages(
      me,
      id,
      Array.from(ids).map((one) => ({ id: one, role: "user" as const, content: one })),
      { parent },
    );
  await say("abc", null);
  await say("x", "a");
  return { me, id };
}

/** A pool whose connection dies when a statement calls `name`. */
function dyingAt(name: string): Pool {
  const dying = createPool(url, { max: 1 });
  dying.on("connect", (client) => {
    const query = client.query.bind(client) as (...given: unknown[]) => unknown;
    Object.assign(client, {
      query(...given: unknown[]) {
        const [config] = given as [{ text?: string }];
        if (config.text?.includes(`.${name}(`) !== true) return query(...given);
        const error = new Error("Connection terminated unexpectedly");
        const told = given.at(-1);
        return typeof told === "function" ? told(error) : Promise.reject(error);
      },
    });
  });
  return dying;
}

const ACTS: [string, (history: History, me: Owner, id: string) => Promise<unknown>][] = [
  ["setHead", (node, me, id) => node.setHead(me, id, "b")],
  ["deleteMessages", (node, me, id) => node.deleteMessages(me, id, { ids: ["x", "a"] })],
  ["restoreMessages", (node, me, id) => node.restoreMessages(me, id, ["y"])],
  ["forkConversation", (node, me, id) => node.forkConversation(me, id, "b", { id: `${id}-fork` })],
];

describe("a node that dies before it described the branch", () => {
  it.each(ACTS)("has changed nothing with %s: preview and title are of the head", async (_, act) => {
    const { me, id } = await letters();
    await history.appendMessages(me, id, [{ id: "y", role: "user", content: "y" }]);
    await history.deleteMessage(me, id, "y");
    const told = async () => [
      await history.getConversation(me, id),
      await history.listMessages(me, id, { branches: "all" }),
      (await history.listConversations(me)).total,
    ];
    const before = await told();
    const dying = dyingAt("describe_branch");
    const node = createHistory({ pool: dying });
    await expect(act(node, me, id)).rejects.toMatchObject({ code: "unavailable" });
    expect(await told()).toEqual(before);
    await node.close();
    await dying.end();
    // The same again finds nothing in its way.
    await act(history, me, id);
  });
});

describe("many at once", () => {
  it("delete, restore, move the head, ask and fork, and neither deadlock nor miscount", async () => {
    const { me, id } = await letters();
    const nodes = await Promise.all(
      [1, 2].map(async () => {
        const own = createPool(url, { max: 6, connectTimeout: 60_000 });
        return { own, node: createHistory({ ...UNHURRIED.history, pool: own }) };
      }),
    );
    const attempts = Array.from({ length: 120 }, async (_, turn) => {
      const { node } = nodes[turn % 2]!;
      const name = "bcx"[turn % 3]!;
      const acts = [
        () => node.deleteMessages(me, id, { ids: [name] }),
        () => node.restoreMessages(me, id, [name]),
        () => node.setHead(me, id, "a"),
        () => node.appendMessages(me, id, [{ role: "user", content: "more" }], { parent: "a" }),
        () => node.deleteMessages(me, id, { from: name }),
        () => node.forkConversation(me, id, "a"),
        () => node.listMessages(me, id),
      ];
      return acts[turn % acts.length]!();
    });
    const codes = (await Promise.allSettled(attempts)).flatMap((done) =>
      done.status === "rejected" ? [(done.reason as { code: string }).code] : [],
    );
    expect(new Set(codes)).toEqual(new Set(["message_not_found"]));
    const all = await history.listMessages(me, id, { branches: "all" });
    expect(all.total).toBe(all.messages.length);
    const page = await history.listMessages(me, id);
    expect(page.total).toBe(page.messages.length);
    expect(await history.getConversation(me, id)).toMatchObject({
      messageCount: page.total,
      headId: page.messages.at(-1)?.id,
      preview: page.messages.at(-1)?.content,
    });
    await Promise.all(
      nodes.map(async ({ node, own }) => {
        await node.close();
        await own.end();
      }),
    );
  });
});

describe("recall finds messages of the branch only", () => {
  const words = (ids: string) =>
    Array.from(ids).map((one) => ({ id: one, role: "user" as const, content: `The herring ${one}` }));
  const herring = { question: "herring" };

  it("none after it was cleared, with a leaf or a limit of before", async () => {
    const { me, id } = await letters();
    await history.clearMessages(me, id);
    for (const limits of [{}, { leaf: 2 }, { leaf: 4 }, { below: 2 }, { leaf: 2, below: 2 }]) {
      const recalled = history.recallMessages({ owner: me, conversationId: id, ...herring, ...limits });
      expect([limits, await recalled]).toEqual([limits, []]);
    }
  });

  it("none after all that was said since it was cleared was deleted", async () => {
    const { me, id } = await letters();
    await history.clearMessages(me, id);
    await history.appendMessages(me, id, words("de"));
    await history.deleteMessages(me, id, { ids: ["d", "e"] });
    expect(await history.recallMessages({ owner: me, conversationId: id, ...herring })).toEqual([]);
  });

  it("and no neighbours before its first or behind its last", async () => {
    const { me, id } = await letters();
    await history.appendMessages(me, id, words("r"), { parent: null });
    const where = { owner: me, conversationId: id, ...herring };
    expect(await history.recallMessages({ ...where, below: 5 })).toEqual([]);
    expect(await history.recallMessages(where)).toMatchObject([{ seq: 5 }]);
    await history.appendMessages(me, id, words("s"), { parent: "c" });
    const numbers = async (limits: { leaf: number; below?: number }) =>
      (await history.recallMessages({ ...where, ...limits })).map(({ seq }) => seq);
    expect(await numbers({ leaf: 6 })).toEqual([6, 3, 2, 1]);
    expect(await numbers({ leaf: 6, below: 6 })).toEqual([]);
  });

  it("though the head moves between its statements", async () => {
    const { me, id } = await letters();
    await history.appendMessages(me, id, words("r"), { parent: "c" });
    const moving = {
      query: async (config: Parameters<typeof pool.query>[0] & { text: string }) => {
        if (config.text.includes(".branch_seqs(")) await history.setHead(me, id, "x");
        return pool.query(config);
      },
      connect: () => pool.connect(),
      on: (event: "error", listener: (error: Error) => void) => pool.on(event, listener),
    };
    const node = createHistory({ ...UNHURRIED.history, pool: moving });
    const recalled = await node.recallMessages({ owner: me, conversationId: id, ...herring });
    expect(recalled.map(({ seq }) => seq)).toEqual([5, 3, 2, 1]);
    expect((await history.getConversation(me, id)).headId).toBe("x");
    await node.close();
  });
});

it("an answer recalls what was said on its branch, though the head moves before it looks", async () => {
  const me = newSession();
  const { conversation } = await history.createConversation(me);
  const { id } = conversation;
  const filler = Array.from({ length: 70 }, (_, index) => ({
    id: `f${index}`,
    role: index % 2 === 0 ? ("user" as const) : ("assistant" as const),
    content: "filler ".repeat(150),
  }));
  await history.appendMessages(me, id, [
    { id: "mine", role: "user", content: "The herring is Ada's." },
    { id: "noted", role: "assistant", content: "Noted." },
    ...filler,
  ]);
  await history.appendMessages(
    me,
    id,
    [
      { id: "other", role: "user", content: "The herring is Bob's." },
      { id: "other-noted", role: "assistant", content: "Noted." },
      ...filler.map((message) => ({ ...message, id: `other-${message.id}` })),
    ],
    { parent: null },
  );
  const own = createPool(url, UNHURRIED.pool);
  const moving = {
    query: async (config: Parameters<typeof own.query>[0] & { text: string }) => {
      if (config.text.includes(".recall_words(")) await history.setHead(me, id, "other");
      return own.query(config);
    },
    connect: () => own.connect(),
    on: (event: "error", listener: (error: Error) => void) => own.on(event, listener),
  };
  const asked = Promise.withResolvers<readonly string[]>();
  const node = createHistory({
    ...UNHURRIED.history,
    pool: moving,
    async *responder({ history: earlier }) {
      asked.resolve(earlier.map((message) => message.id));
      yield "Ada's.";
    },
  });
  const { events } = await node.startTurn(me, id, { content: "Whose is the herring?", parent: "f69" });
  for await (const _ of events) {
    // To the end.
  }
  const given = await asked.promise;
  expect(given).toContain("mine");
  expect(given.filter((one) => one.startsWith("other"))).toEqual([]);
  expect((await history.getConversation(me, id)).headId).toBe("other-f69");
  await node.close();
  await own.end();
});

it("a fork goes on beyond the time that the pool gives a statement", async () => {
  const { me, id } = await letters();
  const STATEMENT = 77_000;
  using times = takeTimers(STATEMENT);
  const hurried = createPool(url, { statementTimeout: STATEMENT });
  const node = createHistory({ pool: hurried });
  const holder = await pool.connect();
  try {
    // The copy's last step waits for the owner's row.
    await holder.query("begin");
    await holder.query("select from chatkeep.owners for update");
    const forked = node.forkConversation(me, id, "b", { id: `${id}-slow` });
    forked.catch(() => undefined);
    const waited = async (): Promise<boolean> => {
      const { rows } = await pool.query(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return rows.length > 0;
    };
    await expect.poll(waited).toBe(true);
    for (let time = 0; time < 2; time++) times.elapse();
    await holder.query("rollback");
    expect(await forked).toMatchObject({ id: `${id}-slow`, messageCount: 2 });
  } finally {
    holder.release(true);
    await node.close();
    await hurried.end();
  }
});
