import { randomUUID } from "node:crypto";

import { createDatabase, startPostgres } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { Client } from "pg";
import { afterAll, expect, it } from "vitest";

import { newUser, openFixture } from "./fixture.ts";

/** The log waits in memory for 10 s unless a commit asks for the disk. */
const server = await startPostgres({
  settings: { wal_writer_delay: "10s", wal_writer_flush_after: "1GB", autovacuum: "off" },
});
const database = await createDatabase({ server: server.url("postgres") });
const setDefault = (level: string) =>
  database.pool.query(`alter database ${database.name} set synchronous_commit = '${level}'`);
await setDefault("off");
const { history, responder, close } = openFixture(database.url, newUser);
afterAll(async () => {
  await close();
  await server.remove();
});

it("a crash of PostgreSQL loses nothing that was acknowledged or shown, where commits are asynchronous by default", async () => {
  const me = newUser();
  const { conversation } = await history.createConversation(me);
  const { id } = conversation;
  const asked = await history.startTurn(me, id, { content: "Hello" });
  const run = await responder.started(id);
  const shown = asked.events[Symbol.asyncIterator]();
  await run.emit("Shown.");
  for (let text = ""; text !== "Shown.";) {
    const { value } = await shown.next();
    if (value.chunk.type === "text-delta") text += value.chunk.delta;
  }
  const appended = Array.from({ length: 20 }, (_, index) => ({ id: randomUUID(), content: `No. ${index}` }));
  const other = await history.createConversation(me);
  for (const message of appended)
    await history.appendMessages(me, other.conversation.id, [{ role: "user", ...message }]);

  process.kill(server.pid(), "SIGKILL");
  await server.stop("immediate");
  await server.start();
  await expect.poll(async () => (await history.health()).status).toBe("ok");

  const { messages } = await history.listMessages(me, other.conversation.id, { limit: 100 });
  expect(messages.map((message) => message.id)).toEqual(appended.map((message) => message.id));
  const { reply } = await history.getTurn(me, id, asked.turn.id);
  expect(reply?.content).toBe("Shown.");
  run.finish();
  await collect({ [Symbol.asyncIterator]: () => shown });
});

it.each([
  ["off", "on"],
  ["local", "on"],
  ["remote_write", "on"],
  ["on", "on"],
  ["remote_apply", "remote_apply"],
])(
  "a write in a transaction of the host makes synchronous_commit of %s %s until it ends",
  async (level, during) => {
    await setDefault(level);
    const client = new Client(database.url);
    await client.connect();
    const read = async (): Promise<unknown> =>
      (await client.query("show synchronous_commit")).rows[0].synchronous_commit;
    await client.query("begin");
    await history.withClient(client).createConversation(newUser());
    const inside = await read();
    await client.query("commit");
    expect([inside, await read()]).toEqual([during, level]);
    await client.end();
  },
);
