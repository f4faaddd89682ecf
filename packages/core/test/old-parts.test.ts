import { randomBytes } from "node:crypto";

import { createHistory, createPool, ownerId } from "@chatkeep/core";
import type { Message, Owner, Part } from "@chatkeep/protocol";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { expect, it, onTestFinished } from "vitest";

import { newUser } from "./fixture.ts";

const database = await fileDatabase();

function open(limits: { ownerFileBytes?: number } = {}) {
  const pool = createPool(database.url, UNHURRIED.pool);
  const history = createHistory({ ...UNHURRIED.history, pool, limits });
  onTestFinished(async () => {
    await history.close();
    await pool.end();
  });
  return history;
}

const picture = (bytes: Uint8Array): Part => ({
  type: "file",
  url: `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`,
  mime: "image/png",
});

/** Stores messages as a release before files did: with their bytes in the row. */
async function storeOld(
  owner: Owner,
  conversation: string,
  bodies: readonly (readonly Part[])[],
): Promise<void> {
  const { rows } = await database.pool.query<{ last_seq: string }>(
    "update chatkeep.conversations set last_seq = last_seq + $3 where owner_id = $1 and id = $2 returning last_seq",
    [ownerId(owner), conversation, bodies.length],
  );
  const first = Number(rows[0]!.last_seq) - bodies.length + 1;
  await database.pool.query(
    `insert into chatkeep.messages (owner_id, conversation_id, seq, id, role, parts_version, parts)
     select $1, $2, $3 + place - 1, 'old-' || place, 'user', 1, body
     from unnest($4::json[]) with ordinality g (body, place)`,
    [ownerId(owner), conversation, first, bodies.map((body) => JSON.stringify(body))],
  );
}

/** What the rows of an owner hold: the version of each, and the bytes of all. */
async function rowsOf(owner: Owner): Promise<{ versions: number[]; bytes: number }> {
  const { rows } = await database.pool.query<{ versions: number[]; bytes: number }>(
    `select array_agg(parts_version::int order by conversation_id, seq) as versions, sum(octet_length(parts::text))::int as bytes
     from chatkeep.messages where owner_id = $1`,
    [ownerId(owner)],
  );
  return rows[0]!;
}

const BYTES = 100_000;
const LOOSE = { type: "file", url: "data:image/png;base64,QUJD\nRA==", mime: "image/png" } as const;

it("a message of an older release is read as before once its bytes are a file, in forks and after a deletion too", async () => {
  const history = open();
  const me = newUser();
  const { conversation } = await history.createConversation(me);
  const [one, two] = [picture(randomBytes(BYTES)), picture(randomBytes(BYTES))];
  await storeOld(me, conversation.id, [
    [{ type: "text", text: "Look" }, one],
    [one, two, LOOSE],
    [{ type: "text", text: 'It says "data:' }],
  ]);
  const fork = await history.forkConversation(me, conversation.id, "old-2");
  await history.deleteMessage(me, conversation.id, "old-1");
  const read = async (): Promise<Message[]> => {
    const pages = [conversation.id, fork.id].map((id) => history.listMessages(me, id));
    return (await Promise.all(pages)).flatMap(({ messages }) => messages);
  };
  const before = await read();
  expect((await rowsOf(me)).bytes).toBeGreaterThan(5 * BYTES);
  expect(await history.purge()).toBeGreaterThan(0);
  const after = await rowsOf(me);
  expect(after.versions).toEqual([2, 2, 2, 2]);
  expect(after.bytes).toBeLessThan(BYTES);
  expect(await read()).toEqual(before);
  // The deleted one is renewed once it is back.
  await history.restoreMessages(me, conversation.id, ["old-1"]);
  await history.purge();
  const [restored] = (await history.listMessages(me, conversation.id)).messages;
  expect(restored!.parts).toEqual([{ type: "text", text: "Look" }, one]);
  expect((await rowsOf(me)).bytes).toBeLessThan(BYTES);
  expect(await history.purge()).toBe(0);
});

it("bytes stay in the message where the owner's quota is used up", async () => {
  const history = open({ ownerFileBytes: 1000 });
  const me = newUser();
  const { conversation } = await history.createConversation(me);
  const part = picture(randomBytes(BYTES));
  await storeOld(me, conversation.id, [[part]]);
  await history.purge();
  const [message] = (await history.listMessages(me, conversation.id)).messages;
  expect(message!.parts).toEqual([part]);
  expect(await history.purge()).toBe(0);
});

it("a message in the trash keeps its bytes until it is restored; a retry of it stores nothing", async () => {
  const history = open();
  const me = newUser();
  const { conversation } = await history.createConversation(me);
  const part = picture(randomBytes(BYTES));
  await storeOld(me, conversation.id, [[part]]);
  await history.deleteConversation(me, conversation.id);
  await history.purge();
  expect((await rowsOf(me)).versions).toEqual([1]);
  await history.restoreConversation(me, conversation.id);
  await history.purge();
  expect(await rowsOf(me)).toMatchObject({
    versions: [2],
    bytes: expect.toSatisfy((bytes) => bytes < BYTES),
  });
  const retried = await history.appendMessages(me, conversation.id, [
    { id: "old-1", role: "user", parts: [part] },
  ]);
  expect(retried.map(({ seq, parts }) => [seq, parts])).toEqual([[1, [part]]]);
});

it("a step that broke off is done by the next call, on any node", async () => {
  const me = newUser();
  const history = open();
  const { conversation } = await history.createConversation(me);
  const parts = Array.from({ length: 5 }, () => [picture(randomBytes(BYTES))]);
  await storeOld(me, conversation.id, parts);
  const blocker = await database.pool.connect();
  onTestFinished(() => blocker.release());
  await blocker.query("begin");
  await blocker.query("select from chatkeep.messages where owner_id = $1 and id = 'old-3' for update", [
    ownerId(me),
  ]);
  const ending = new AbortController();
  const stopped = history.purge({}, ending.signal);
  ending.abort();
  await blocker.query("rollback");
  await stopped;
  await Promise.all([history.purge(), open().purge()]);
  expect((await rowsOf(me)).versions).toEqual([2, 2, 2, 2, 2]);
  const { messages } = await history.listMessages(me, conversation.id);
  expect(messages.map((message) => message.parts)).toEqual(parts);
});
