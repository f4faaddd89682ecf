import { createPool } from "@chatkeep/core";
import type { WireOverview, WireRecentErrors } from "@chatkeep/protocol";
import { createChatkeep } from "@chatkeep/server";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { SERVER_KEY, SERVER_KEYS, startServer } from "@chatkeep/testing/server";
import { afterAll, describe, expect, it } from "vitest";

const SECRET_WORDS = "what somebody wrote";
const database = await fileDatabase();
const { send, session, conversation, history, script } = await startServer({
  databaseUrl: database.url,
  serverKeys: SERVER_KEYS,
  connections: () => ({ open: 3, idle: 2, waiting: 1, most: 10 }),
  fallback: () => Promise.reject(new SyntaxError(SECRET_WORDS)),
});
const operator = { headers: { authorization: `Bearer ${SERVER_KEY}` } };
const overview = async (): Promise<WireOverview> =>
  (await (await send("/api/admin/overview", operator)).json()) as WireOverview;

describe("the overview", () => {
  it("counts the turns that run and those that were settled, by how they ended, and tells the nodes", async () => {
    const me = session();
    const owner = { kind: "session", id: me } as const;
    const before = await overview();
    expect(before.store?.turns).toEqual({
      running: 0,
      settled: { waiting: 0, complete: 0, stopped: 0, interrupted: 0, failed: 0 },
    });

    const { id } = await conversation(me);
    for (const end of ["complete", "failed", "stopped"] as const) {
      const { turn, events } = await history.startTurn(owner, id, { content: SECRET_WORDS });
      const run = await script.started(id);
      await run.emit("An answer.");
      if (end === "complete") run.finish();
      else if (end === "failed") run.fail(new Error(SECRET_WORDS));
      else await history.stopTurn(owner, id, turn.id);
      for await (const _ of events);
    }
    await history.startTurn(owner, id, { content: SECRET_WORDS });
    await script.started(id);

    const after = await overview();
    expect(after.store?.turns).toEqual({
      running: 1,
      settled: { waiting: 0, complete: 1, stopped: 1, interrupted: 0, failed: 1 },
    });
    expect(after.node).toMatchObject({ running_turns: 1, unsaved_answers: { shown: 0, saved: 0 } });
    expect(after.store?.nodes).toMatchObject([{ alive: true, running_turns: 1 }]);
    expect(after.health.database.status).toBe("ok");
    expect(after.connections).toEqual({ open: 3, idle: 2, waiting: 1, most: 10 });
    expect(JSON.stringify(after)).not.toContain(SECRET_WORDS);
    expect(JSON.stringify(after)).not.toContain(me);
  });

  it("tells how large each table is, partitions together, as PostgreSQL estimates it", async () => {
    await database.pool.query("analyze chatkeep.messages");
    const { rows } = await database.pool.query<{ messages: number; events: string }>(
      `select (select count(*)::int from chatkeep.messages) as messages,
         (select sum(pg_total_relation_size(relid)) from pg_partition_tree('chatkeep.turn_events')) as events`,
    );
    const { store } = await overview();
    const table = (name: string) => store?.tables.find((one) => one.name === name);
    expect(table("messages")?.rows).toBe(rows[0]?.messages);
    expect(table("turn_events")?.bytes).toBe(Number(rows[0]?.events));
    expect(store?.tables.map(({ name }) => name)).not.toContain("turn_events_0");
  });
});

describe("the last errors", () => {
  it("are told by the request's id, without a word of what was thrown", async () => {
    const failed = await fetch(new URL("/nothing", (await send("/health")).url));
    expect(failed.status).toBe(500);
    const text = await (await send("/api/admin/errors", operator)).text();
    const { errors } = JSON.parse(text) as WireRecentErrors;
    expect(errors[0]).toMatchObject({
      request_id: failed.headers.get("x-request-id"),
      code: "internal",
      cause: "SyntaxError",
      route: null,
    });
    expect(text).not.toContain(SECRET_WORDS);
  });

  it("are also those of turns, and not more than a hundred", async () => {
    const pool = createPool(database.url, UNHURRIED.pool);
    const me = session();
    const chatkeep = createChatkeep({
      pool,
      ...UNHURRIED.history,
      authenticate: () => ({ kind: "session", id: me }),
      // oxlint-disable-next-line require-yield
      async *responder() {
        throw Object.assign(new Error(SECRET_WORDS), { code: "E_MODEL" });
      },
      serverKeys: SERVER_KEYS,
      fallback: () => Promise.reject(new Error(SECRET_WORDS)),
      log: { debug() {}, info() {}, warn() {}, error() {} },
    });
    afterAll(async () => {
      await chatkeep.close();
      await pool.end();
    });
    const list = async (): Promise<WireRecentErrors["errors"]> => {
      const response = await chatkeep.fetch(new Request("http://localhost/api/admin/errors", operator));
      return ((await response.json()) as WireRecentErrors).errors;
    };
    const { history } = chatkeep;
    const owner = { kind: "session", id: me } as const;
    const { conversation } = await history.createConversation(owner);
    const { turn, events } = await history.startTurn(owner, conversation.id, { content: "Hello" });
    for await (const _ of events);
    expect(await list()).toMatchObject([{ turn_id: turn.id, code: "internal", cause: "Error E_MODEL" }]);
    for (let count = 0; count < 120; count++) await chatkeep.fetch(new Request("http://localhost/nothing"));
    const errors = await list();
    expect(errors).toHaveLength(100);
    expect(errors.every(({ turn_id: id }) => id === null)).toBe(true);
  });
});

it("is nobody's without a server key, and needs no user to act for", async () => {
  for (const path of ["/api/admin/overview", "/api/admin/errors", "/api/turns/continue"]) {
    expect((await send(path)).status).toBe(401);
    expect((await send(path, { session: session() })).status).toBe(403);
    expect((await send(path, operator)).status).toBe(200);
  }
});
