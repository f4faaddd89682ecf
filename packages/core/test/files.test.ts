import { randomBytes } from "node:crypto";

import { createHistory, createPool, ownerId } from "@chatkeep/core";
import type { Owner, Responder, ResponderRequest } from "@chatkeep/protocol";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { afterAll, describe, expect, it } from "vitest";

import { newSession, newUser, openFixture } from "./fixture.ts";

const database = await fileDatabase();
const fixture = openFixture(database.url, newUser);
const { history } = fixture;
afterAll(() => fixture.close());

const PNG = { mediaType: "image/png" };

/** How many files and chunks of an owner are on the disk, and how many bytes count. */
async function kept(owner: Owner): Promise<unknown> {
  const { rows } = await database.pool.query(
    `select (select count(*) from chatkeep.files where owner_id = $1)::int as files,
       (select count(*) from chatkeep.file_chunks where owner_id = $1)::int as chunks,
       coalesce((select file_bytes from chatkeep.owners where id = $1), 0)::int as bytes`,
    [ownerId(owner)],
  );
  return rows[0];
}

const NONE = { files: 0, chunks: 0, bytes: 0 };

/** Makes an owner's files as old as if this many days had passed. */
async function age(owner: Owner, days: number): Promise<void> {
  await database.pool.query(
    `update chatkeep.files set unused_since = unused_since - $2 * interval '1 day'
     where owner_id = $1 and unused_since > '-infinity'`,
    [ownerId(owner), days],
  );
}

describe("the janitor", () => {
  it("takes a deleted file from the disk, in steps of 1,000 chunks", async () => {
    const me = newUser();
    const { id } = await history.putFile(me, PNG, randomBytes(9_000_000));
    expect(await kept(me)).toEqual({ files: 1, chunks: 1112, bytes: 9_000_000 });
    await history.deleteFile(me, id);
    expect(await kept(me)).toEqual({ files: 1, chunks: 1112, bytes: 0 });
    expect(await history.purge()).toBeGreaterThanOrEqual(2);
    expect(await kept(me)).toEqual(NONE);
  });

  it("takes a file that no message refers to for a day, and none that is younger", async () => {
    const [old, young] = [newUser(), newUser()];
    for (const owner of [old, young]) await history.putFile(owner, PNG, randomBytes(20_000));
    await age(old, 1.1);
    await age(young, 0.9);
    await history.purge();
    expect(await kept(old)).toEqual(NONE);
    expect(await kept(young)).toEqual({ files: 1, chunks: 3, bytes: 20_000 });
  });

  it("leaves a file with a purpose until it is deleted", async () => {
    const me = newUser();
    const { id } = await history.putFile(me, { ...PNG, purpose: "vision" }, randomBytes(20_000));
    await age(me, 1.1);
    await history.purge();
    expect(await kept(me)).toEqual({ files: 1, chunks: 3, bytes: 20_000 });
    await history.deleteFile(me, id);
    await history.purge();
    expect(await kept(me)).toEqual(NONE);
  });

  it("leaves a file while a message that can be read or restored refers to it", async () => {
    const me = newUser();
    const { conversation } = await history.createConversation(me);
    const url = `data:image/png;base64,${randomBytes(3_000_000).toString("base64")}`;
    const [message] = await history.appendMessages(me, conversation.id, [
      { role: "user", parts: [{ type: "file", url, mime: "image/png" }] },
    ]);
    // No bytes in the message.
    const { rows } = await database.pool.query<{ size: number }>(
      "select octet_length(parts::text) as size from chatkeep.messages where owner_id = $1",
      [ownerId(me)],
    );
    expect(rows[0]!.size).toBeLessThan(400);
    const files = { files: 1, chunks: 371, bytes: 3_000_000 };
    await age(me, 2);
    await history.purge();
    expect(await kept(me)).toEqual(files);
    await history.deleteMessage(me, conversation.id, message!.id);
    await database.pool.query("update chatkeep.file_uses set used_at = used_at - interval '2 hours'");
    await history.purge();
    await age(me, 2);
    await history.purge();
    expect(await kept(me)).toEqual(files);
    // The time in which the message can be restored is over.
    await history.purge({ undo: 0 });
    await age(me, 2);
    await history.purge();
    expect(await kept(me)).toEqual(NONE);
  });

  it("takes an idle session's files, then the session", async () => {
    const me = newSession();
    await history.putFile(me, PNG, randomBytes(20_000));
    await database.pool.query(
      "update chatkeep.owners set active_at = now() - interval '181 days' where id = $1",
      [ownerId(me)],
    );
    await history.purge();
    expect(await kept(me)).toEqual(NONE);
    const { rows } = await database.pool.query("select from chatkeep.owners where id = $1", [ownerId(me)]);
    expect(rows).toEqual([]);
  });
});

it("a picture of a question that was refused is deleted after a day", async () => {
  const me = newUser();
  const { conversation } = await history.createConversation(me);
  const url = `data:image/png;base64,${randomBytes(20_000).toString("base64")}`;
  const parts = [{ type: "file", url, mime: "image/png" }] as const;
  const refused = history.appendMessages(me, conversation.id, [{ role: "user", parts }], {
    expectedHead: "none",
  });
  await expect(refused).rejects.toMatchObject({ code: "conflict" });
  expect(await kept(me)).toEqual({ files: 1, chunks: 3, bytes: 20_000 });
  await age(me, 1.1);
  await history.purge();
  expect(await kept(me)).toEqual(NONE);
});

it("a picture that the quota has no room for leaves nothing that counts", async () => {
  const pool = createPool(database.url, UNHURRIED.pool);
  const small = createHistory({ ...UNHURRIED.history, pool, limits: { ownerFileBytes: 1_000_000 } });
  const me = newUser();
  const { conversation } = await small.createConversation(me);
  // Two pieces: there is room for the first.
  const url = `data:image/png;base64,${randomBytes(1_000_001).toString("base64")}`;
  const question = { role: "user", parts: [{ type: "file", url, mime: "image/png" }] } as const;
  await expect(small.appendMessages(me, conversation.id, [question])).rejects.toMatchObject({
    code: "quota_exceeded",
  });
  expect(await kept(me)).toMatchObject({ bytes: 0 });
  await small.putFile(me, PNG, randomBytes(1_000_000));
  await small.close();
  await pool.end();
});

it("uploads at once do not exceed the quota together, and one that was refused leaves nothing", async () => {
  const pool = createPool(database.url, UNHURRIED.pool);
  const small = createHistory({ ...UNHURRIED.history, pool, limits: { ownerFileBytes: 2_000_000 } });
  const me = newUser();
  const uploads = await Promise.allSettled(
    Array.from({ length: 6 }, () => small.putFile(me, PNG, randomBytes(900_000))),
  );
  const refused = uploads.filter((upload) => upload.status === "rejected");
  const stored = uploads.length - refused.length;
  expect(stored).toBeLessThanOrEqual(2);
  for (const { reason } of refused) expect(reason).toMatchObject({ code: "quota_exceeded" });
  expect(await kept(me)).toMatchObject({ bytes: stored * 900_000 });
  await small.close();
  await pool.end();
});

it("a claim during an upload leaves it to the session, and an equal picture of two tabs is stored once", async () => {
  const [me, session] = [newUser(), newSession()];
  const bytes = randomBytes(1_600_000);
  const during = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes.subarray(0, 1_200_000);
    await history.claimSession(me, session);
    yield bytes.subarray(1_200_000);
  };
  const ready = await history.putFile(session, PNG, bytes);
  const { id } = await history.putFile(session, PNG, during());
  expect((await history.getFile(me, ready.id)).size).toBe(1_600_000);
  expect((await history.getFile(session, id)).size).toBe(1_600_000);
  for (const owner of [me, session]) expect(await kept(owner)).toMatchObject({ files: 1, bytes: 1_600_000 });

  const url = `data:image/png;base64,${bytes.toString("base64")}`;
  const { conversation } = await history.createConversation(me);
  const parts = [{ type: "file", url, mime: "image/png" }] as const;
  const tabs = [1, 2].map(() => history.appendMessages(me, conversation.id, [{ role: "user", parts }]));
  for (const [message] of await Promise.all(tabs)) expect(message!.parts).toEqual(parts);
  expect(await kept(me)).toMatchObject({ files: 2, bytes: 3_200_000 });
});

it("an upload and a deletion that wait for a claim hold no file that it moves", async () => {
  const session = newSession();
  const { id } = await history.putFile(session, PNG, randomBytes(10));
  const claim = await database.pool.connect();
  const lock = (table: string, column: string, how: string): Promise<unknown> =>
    claim.query(`select from chatkeep.${table} where ${column} = $1 for update ${how}`, [ownerId(session)]);
  const waiting = async (): Promise<number> => {
    const { rows } = await database.pool.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return rows.length;
  };
  const during = async function* (): AsyncGenerator<Uint8Array> {
    yield randomBytes(1_200_000);
    await claim.query("begin");
    // As the claim does first.
    await lock("owners", "id", "");
    yield randomBytes(600_000);
  };
  const upload = history.putFile(session, PNG, during());
  await expect.poll(waiting).toBe(1);
  const deletion = history.deleteFile(session, id);
  await expect.poll(waiting).toBe(2);
  await lock("files", "owner_id", "nowait");
  await claim.query("commit");
  claim.release();
  await Promise.all([upload, deletion]);
});

it("a responder gets at most 32 MiB of files, the newest first, and the addresses of the others", async () => {
  const pool = createPool(database.url, UNHURRIED.pool);
  const requests: ResponderRequest[] = [];
  const responder: Responder = async function* (request) {
    requests.push(request);
    yield { type: "text", text: "Seen." };
  };
  const one = createHistory({ ...UNHURRIED.history, pool, responder });
  const me = newUser();
  const bytes = randomBytes(12 * 1024 * 1024);
  const { id } = await one.putFile(me, PNG, bytes);
  const { conversation } = await one.createConversation(me);
  const named = { type: "file", file: id, url: "", mime: "" } as const;
  for (const parts of [[named], [named, named]])
    for await (const _ of (await one.startTurn(me, conversation.id, { parts })).events) {
      // Until its end.
    }
  const { question, history: before } = requests[1]!;
  const url = `data:image/png;base64,${bytes.toString("base64")}`;
  const urls = [...question.parts, ...before[0]!.parts].map((part) => (part as { url: string }).url);
  expect(urls.map((each) => each === url)).toEqual([true, true, false]);
  expect(urls[2]).toBe(`/api/files/${id}`);
  await one.close();
  await pool.end();
});

it("an upload and a download hold no connection while the other side is slow", async () => {
  const pool = createPool(database.url, { ...UNHURRIED.pool, max: 1 });
  const one = createHistory({ ...UNHURRIED.history, pool });
  const me = newUser();
  const bytes = randomBytes(1_600_000);
  const slow = async function* (): AsyncGenerator<Uint8Array> {
    for (let from = 0; from < bytes.length; from += 400_000) {
      // Would wait for ever if the upload held the pool's only connection.
      await one.listConversations(me);
      yield bytes.subarray(from, from + 400_000);
    }
  };
  const { id } = await one.putFile(me, PNG, slow());
  const pieces: Uint8Array[] = [];
  for await (const piece of one.readFile(me, id)) {
    await one.listConversations(me);
    pieces.push(piece);
  }
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  await one.close();
  await pool.end();
});

it("a file takes at most 1.03 times its bytes on the disk", async () => {
  const sizeOf = async (): Promise<number> => {
    const { rows } = await database.pool.query<{ size: string }>(
      "select pg_total_relation_size('chatkeep.file_chunks') as size",
    );
    return Number(rows[0]!.size);
  };
  await database.pool.query("vacuum full chatkeep.file_chunks");
  const before = await sizeOf();
  const bytes = 12_000_000;
  await history.putFile(newUser(), PNG, randomBytes(bytes));
  expect(((await sizeOf()) - before) / bytes).toBeLessThan(1.03);
});
