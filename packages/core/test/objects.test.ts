import { randomBytes } from "node:crypto";

import { type ObjectStore, ownerId } from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
import { fileDatabase } from "@chatkeep/testing";
import { describeFiles, describeHistory } from "@chatkeep/testing/contract";
import { OBJECT_STORE_ENV, createS3Store, startObjectStore } from "@chatkeep/testing/object-store";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";

import { newSession, newUser, openFixture } from "./fixture.ts";

const database = await fileDatabase();
const s3 = await startObjectStore();
const { bucket, endpoint } = s3;
const prefix = "chat/";
for (const [name, value] of Object.entries(OBJECT_STORE_ENV)) vi.stubEnv(name, value);
const objects = createS3Store({ bucket, endpoint, prefix });
const fixture = openFixture(database.url, newUser, { objects });
const { history } = fixture;
beforeEach(() => s3.start());
afterAll(async () => {
  await fixture.close();
  objects.close();
  await s3[Symbol.asyncDispose]();
});

const PNG = { mediaType: "image/png" };

describeHistory("files in S3", () => Promise.resolve(openFixture(database.url, newSession, { objects })), [
  describeFiles,
]);

/** The owner's files: their objects, chunks and bytes. */
async function kept(owner: Owner): Promise<{ files: number; chunks: number; bytes: number; keys: string[] }> {
  const { rows } = await database.pool.query<{
    objects: string[];
    chunks: number;
    bytes: number;
    files: number;
  }>(
    `select (select count(*) from chatkeep.files where owner_id = $1)::int as files,
       array(select object::text from chatkeep.files where owner_id = $1 and object is not null) as objects,
       (select count(*) from chatkeep.file_chunks where owner_id = $1)::int as chunks,
       coalesce((select file_bytes from chatkeep.owners where id = $1), 0)::int as bytes`,
    [ownerId(owner)],
  );
  const { objects: ids, ...counts } = rows[0]!;
  const keys = await s3.keys();
  return { ...counts, keys: ids.map((id) => prefix + id).filter((key) => keys.includes(key)) };
}

const NONE = { files: 0, chunks: 0, bytes: 0, keys: [] };

async function readWhole(owner: Owner, id: string, node = history): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of node.readFile(owner, id)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* inPieces(bytes: Buffer, between?: (from: number) => void): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += 1_000_000) {
    between?.(from);
    yield bytes.subarray(from, from + 1_000_000);
  }
}

describe("a file in a store of objects", () => {
  const large = randomBytes(20_000_000);

  it("is one object of several parts, and no chunk; its janitor deletes it", async () => {
    const me = newUser();
    const { id } = await history.putFile(me, PNG, inPieces(large));
    const { keys, ...counts } = await kept(me);
    expect(counts).toEqual({ files: 1, chunks: 0, bytes: large.length });
    expect(keys).toHaveLength(1);
    expect((await readWhole(me, id)).equals(large)).toBe(true);
    await history.deleteFile(me, id);
    await history.purge();
    expect(await kept(me)).toEqual(NONE);
    expect(await s3.keys()).not.toContain(keys[0]);
  });

  it("goes with its session to a user", async () => {
    const [me, session] = [newUser(), newSession()];
    const { id } = await history.putFile(session, PNG, large.subarray(0, 10));
    await history.claimSession(me, session);
    expect((await readWhole(me, id)).equals(large.subarray(0, 10))).toBe(true);
    expect(await kept(me)).toMatchObject({ files: 1, bytes: 10 });
  });

  it("is gone from the store when the receipt of an erasure is given", async () => {
    const me = newUser();
    await history.putFile(me, PNG, large.subarray(0, 10));
    const { keys } = await kept(me);
    expect(await history.eraseData(me)).toMatchObject({ files: 1 });
    expect(await s3.keys()).not.toContain(keys[0]);
  });

  it("is not erased while the store is down: the erasure fails, and is done again", async () => {
    const me = newUser();
    await history.putFile(me, PNG, large.subarray(0, 10));
    const { keys } = await kept(me);
    s3.stop();
    await expect(history.eraseData(me)).rejects.toMatchObject({ code: "unavailable" });
    expect(await history.listFiles(me)).toMatchObject({ files: [] });
    s3.start();
    await history.eraseData(me);
    expect(await s3.keys()).not.toContain(keys[0]);
  });

  it("is deleted from the store though its row went another way, and though the janitor was killed in between", async () => {
    const me = newUser();
    await history.putFile(me, PNG, large.subarray(0, 10));
    const { keys } = await kept(me);
    await database.pool.query("delete from chatkeep.owners where id = $1", [ownerId(me)]);
    const dying: ObjectStore = {
      ...objects,
      async delete(key) {
        await objects.delete(key);
        throw new Error("killed");
      },
    };
    await using killed = await fixture.asRestarted({ objects: dying });
    await expect(killed.purge()).rejects.toMatchObject({ code: "unavailable" });
    await history.purge();
    expect(await s3.keys()).not.toContain(keys[0]);
    const { rows } = await database.pool.query("select from chatkeep.objects where id::text = $1", [
      keys[0]!.slice(prefix.length),
    ]);
    expect(rows).toEqual([]);
  });

  it("is not forgotten by a server that does not know the store", async () => {
    const me = newUser();
    const { id } = await history.putFile(me, PNG, large.subarray(0, 10));
    await using other = await fixture.asRestarted({ objects: undefined });
    await expect(readWhole(me, id, other)).rejects.toMatchObject({ code: "unavailable" });
    await other.deleteFile(me, id);
    await expect(other.purge()).rejects.toMatchObject({ code: "unavailable" });
    await history.purge();
    expect(await kept(me)).toEqual(NONE);
  });

  it("is beside files in PostgreSQL, which stay there and are read", async () => {
    const me = newUser();
    await using other = await fixture.asRestarted({ objects: undefined });
    const { id } = await other.putFile(me, PNG, large.subarray(0, 700_000));
    expect((await readWhole(me, id)).equals(large.subarray(0, 700_000))).toBe(true);
    expect(await kept(me)).toMatchObject({ files: 1, chunks: 87, keys: [] });
  });

  it("stays in PostgreSQL within the host's transaction, which may be rolled back", async () => {
    const me = newUser();
    const { conversation } = await history.createConversation(me);
    const url = `data:image/png;base64,${large.toString("base64", 0, 30_000)}`;
    const message = { role: "user", parts: [{ type: "file", url, mime: "image/png" }] } as const;
    const client = await database.pool.connect();
    await client.query("begin");
    const [stored] = await history.withClient(client).appendMessages(me, conversation.id, [message]);
    expect(stored!.parts).toEqual(message.parts);
    await client.query("rollback");
    client.release();
    expect(await kept(me)).toEqual(NONE);
    await history.appendMessages(me, conversation.id, [message]);
    expect((await kept(me)).keys).toHaveLength(1);
  });
});

describe("an upload", () => {
  const bytes = randomBytes(20_000_000);

  it("that breaks off leaves nothing that is listed, counted or stored", async () => {
    const me = newUser();
    const before = await s3.keys();
    const broken = inPieces(bytes, (from) => {
      if (from === 12_000_000) throw new Error("The sender is gone.");
    });
    await expect(history.putFile(me, PNG, broken)).rejects.toThrow("The sender is gone.");
    expect((await history.listFiles(me)).files).toEqual([]);
    await history.purge();
    expect(await kept(me)).toEqual(NONE);
    expect(await s3.keys()).toEqual(before);
  });

  it("in whose middle the store goes fails with what to do, and can be repeated", async () => {
    const me = newUser();
    const during = inPieces(bytes, (from) => {
      if (from === 12_000_000) s3.stop();
    });
    await expect(history.putFile(me, PNG, during)).rejects.toMatchObject({
      code: "unavailable",
      retryAfter: 2,
    });
    expect((await history.listFiles(me)).files).toEqual([]);
    s3.start();
    const { id } = await history.putFile(me, PNG, inPieces(bytes));
    expect((await readWhole(me, id)).equals(bytes)).toBe(true);
    await history.purge();
    expect(await kept(me)).toMatchObject({ files: 1, bytes: bytes.length });
  });

  it("of the same picture at once is kept once, and the others' objects are deleted", async () => {
    const me = newUser();
    const { conversation } = await history.createConversation(me);
    const url = `data:image/png;base64,${bytes.toString("base64", 0, 300_000)}`;
    const parts = [{ type: "file", url, mime: "image/png" }] as const;
    const before = (await s3.keys()).length;
    await Promise.all(
      ["1", "2", "3", "4"].map((id) =>
        history.appendMessages(me, conversation.id, [{ id, role: "user", parts }]),
      ),
    );
    await history.purge();
    expect(await kept(me)).toMatchObject({ files: 1, bytes: 300_000 });
    expect(await s3.keys()).toHaveLength(before + 1);
    for (const message of (await history.listMessages(me, conversation.id)).messages)
      expect(message.parts).toEqual(parts);
  });

  it("does not exceed the quota, with others that run at once", async () => {
    const me = newUser();
    await using small = await fixture.asRestarted({ limits: { ownerFileBytes: 2_000_000 } });
    const puts = [1, 2, 3].map(() => small.putFile(me, PNG, bytes.subarray(0, 900_000)));
    const ended = await Promise.allSettled(puts);
    expect(ended.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
    expect(ended.find(({ status }) => status === "rejected")).toMatchObject({
      reason: { code: "quota_exceeded" },
    });
    await expect(small.putFile(me, PNG, bytes)).rejects.toMatchObject({ code: "quota_exceeded" });
    await history.purge();
    expect(await kept(me)).toMatchObject({ files: 2, bytes: 1_800_000 });
    expect((await kept(me)).keys).toHaveLength(2);
  });

  it("of a person who is erased meanwhile leaves nothing, also if its server is killed at the end", async () => {
    const me = newUser();
    const before = await s3.keys();
    const during: ObjectStore = {
      ...objects,
      async put(key, source) {
        await objects.put(key, source);
        await history.eraseData(me);
        // As another node's janitor does before this node's store has the object.
        await objects.put(key, inPieces(bytes));
      },
    };
    await using node = await fixture.asRestarted({ objects: during });
    await expect(node.putFile(me, PNG, bytes)).rejects.toMatchObject({ code: "file_not_found" });
    expect(await kept(me)).toEqual(NONE);
    expect(await s3.keys()).toHaveLength(before.length + 1);
    await database.pool.query("update chatkeep.objects set due_at = due_at - interval '1 day'");
    await history.purge();
    expect(await s3.keys()).toEqual(before);
  });
});

describe("a download", () => {
  it("in whose middle the store goes fails with what to do, and is continued from there", async () => {
    const me = newUser();
    const bytes = randomBytes(10_000_000);
    const { id } = await history.putFile(me, PNG, bytes);
    const pieces: Uint8Array[] = [];
    const read = async (start: number): Promise<void> => {
      for await (const piece of history.readFile(me, id, { start })) {
        pieces.push(piece);
        if (pieces.length === 1) s3.stop();
      }
    };
    await expect(read(0)).rejects.toMatchObject({ code: "unavailable" });
    s3.start();
    await read(Buffer.concat(pieces).length);
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  });
});
