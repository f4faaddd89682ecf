import { randomBytes } from "node:crypto";

import { createHistory, createPool, ownerId } from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
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
