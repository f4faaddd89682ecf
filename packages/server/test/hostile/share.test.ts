import { randomBytes, randomUUID } from "node:crypto";

import { createPool } from "@chatkeep/core";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { afterAll, describe, expect, test } from "vitest";

import { actingFor, newSession, startPeopleServer } from "../people.ts";

const database = await fileDatabase();
const pool = createPool(database.url, UNHURRIED.pool);
afterAll(() => pool.end());
const storage = { bytesPerOwner: 100_000, bytesPerAddress: 1_000_000 };
const node = await startPeopleServer(database.url, { server: { storage, trustedProxies: 1 } });

const from = (address: string) => ({ "x-forwarded-for": address });
const picture = { type: "file", mime: "image/png", url: `data:image/png;base64,${"A".repeat(30_000)}` };

async function append(
  credentials: Readonly<Record<string, string>>,
  conversation: string,
  body: object,
): Promise<Response> {
  return node.call("POST", `/api/conversations/${conversation}/messages`, { credentials, body });
}

describe("bytes written in a day", () => {
  test("beyond an owner's quota are refused; a retry of a stored message is not", async () => {
    const { owner, credentials } = newSession();
    const { id } = (await node.history.createConversation(owner)).conversation;
    const ids = ["a", "b", "c", "d"];
    const send = (one: string) => append(credentials, id, { id: one, role: "user", parts: [picture] });
    const seen: number[] = [];
    for (const one of ids) seen.push((await send(one)).status);
    expect(seen).toEqual([201, 201, 201, 429]);
    expect((await send("a")).status).toBe(201);
    const refused = await send("e");
    expect(await refused.json()).toMatchObject({ code: "rate_limited" });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(80_000);
  });

  test("beyond an address' quota are refused, whoever writes them; another address is let in", async () => {
    const write = async (address: string): Promise<number> => {
      const { owner, credentials } = newSession();
      const { id } = (await node.history.createConversation(owner)).conversation;
      const body = { role: "user", parts: [picture, picture, picture] };
      return (await append({ ...credentials, ...from(address) }, id, body)).status;
    };
    const seen: number[] = [];
    for (let person = 0; person < 12; person += 1) seen.push(await write("192.0.2.1"));
    expect(seen).toEqual([...Array.from({ length: 11 }, () => 201), 429]);
    expect(await write("192.0.2.2")).toBe(201);
  });

  test("of forks count too: the copy beyond the quota is undone", async () => {
    const { owner, credentials } = newSession();
    const { id } = (await node.history.createConversation(owner)).conversation;
    // A fork copies no file; this one is no base64 and stays in the message.
    const photo = { ...picture, url: `data:image/png,${randomBytes(22_500).toString("base64url")}` };
    expect((await append(credentials, id, { id: "p", role: "user", parts: [photo] })).status).toBe(201);
    const seen: number[] = [];
    for (const fork of ["1", "2", "3"]) {
      const body = { message_id: "p", id: `${id}-${fork}` };
      seen.push((await node.call("POST", `/api/conversations/${id}/fork`, { credentials, body })).status);
    }
    expect(seen).toEqual([201, 201, 429]);
    const { conversations } = await node.history.listConversations(owner);
    expect(conversations.map((conversation) => conversation.id)).toEqual([`${id}-2`, `${id}-1`, id]);
  });

  test("of a server key are not counted", async () => {
    const user = randomUUID();
    const credentials = actingFor(user);
    const made = await node.call("POST", "/api/conversations", { credentials, body: {} });
    const { id } = (await made.json()) as { id: string };
    for (let count = 0; count < 5; count += 1)
      expect((await append(credentials, id, { role: "user", parts: [picture] })).status).toBe(201);
  });
});

test.each([
  ["a data part", { parts: [{ type: "data", name: "x", data: "x".repeat(20_000) }] }, 413, "/parts"],
  ["tool calls of another form", { content: "x", tool_calls: { x: "x".repeat(20_000) } }, 413, "/parts"],
  ["an intent", { content: "x", intent: "x".repeat(501) }, 400, "/intent"],
  ["a model", { content: "x", model: "x".repeat(50_000) }, 400, "/model"],
  ["a context text", { content: "x", context_text: "x".repeat(10_001) }, 400, "/context_text"],
])("a person writes no large %s; a server key may write data", async (_, fields, status, pointer) => {
  const { owner, credentials } = newSession();
  const { id } = (await node.history.createConversation(owner)).conversation;
  const refused = await append(credentials, id, { role: "user", ...fields });
  expect([refused.status, ((await refused.json()) as { pointer: string }).pointer]).toEqual([
    status,
    pointer,
  ]);

  const key = actingFor(randomUUID());
  const made = await node.call("POST", "/api/conversations", { credentials: key, body: {} });
  const own = ((await made.json()) as { id: string }).id;
  expect((await append(key, own, { role: "user", ...fields })).status).toBe(status === 413 ? 201 : 400);
});

test("reads of one owner take a few connections, and all are answered", async () => {
  const { owner, credentials } = newSession();
  const { id } = (await node.history.createConversation(owner)).conversation;
  const connection = await pool.connect();
  try {
    // Reads wait for this lock.
    await connection.query("begin; lock table chatkeep.messages in access exclusive mode");
    const path = `/api/conversations/${id}/messages`;
    // 104 at most are under way or wait: the others are refused at once, while the lock is held.
    const refusals = Promise.withResolvers<void>();
    let refused = 0;
    const reads = Array.from({ length: 120 }, async () => {
      const { status } = await node.call("GET", path, { credentials });
      if (status === 429 && ++refused === 16) refusals.resolve();
      return status;
    });
    await refusals.promise;
    const { rows } = await pool.query<{ count: string }>(
      "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    expect(Number(rows[0]!.count)).toBeLessThanOrEqual(4);
    await connection.query("rollback");
    const seen = await Promise.all(reads);
    expect(seen.filter((status) => status === 200)).toHaveLength(104);
  } finally {
    connection.release();
  }
});
