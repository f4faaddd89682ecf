import { randomBytes } from "node:crypto";

import { expect, it } from "vitest";

import { newUser } from "./fixture.ts";
import { openOutage } from "./outage.ts";

const { history, database, stop, start } = await openOutage();
const PNG = { mediaType: "image/png" };
const bytes = randomBytes(1_600_000);

it("an upload in whose middle the database goes fails with what to do, leaves nothing to read, and can be repeated", async () => {
  const me = newUser();
  const during = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes.subarray(0, 1_100_000);
    await stop();
    yield bytes.subarray(1_100_000);
  };
  await expect(history.putFile(me, PNG, during())).rejects.toMatchObject({ code: "unavailable" });
  await expect(history.putFile(me, PNG, bytes)).rejects.toMatchObject({ code: "unavailable" });
  await start();
  expect((await history.listFiles(me)).files).toEqual([]);
  const { size } = await history.putFile(me, PNG, bytes);
  expect(size).toBe(bytes.length);
  // What was written before is deleted a day later.
  await database.pool.query(
    "update chatkeep.files set unused_since = unused_since - interval '2 days' where sha256 is null",
  );
  await history.purge();
  const { rows } = await database.pool.query("select count(*)::int as chunks from chatkeep.file_chunks");
  expect(rows).toEqual([{ chunks: Math.ceil(bytes.length / 8096) }]);
});

it("an upload that waits for its sender during an outage goes on", async () => {
  const me = newUser();
  const during = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes.subarray(0, 1_100_000);
    await stop();
    await start();
    yield bytes.subarray(1_100_000);
  };
  const { id } = await history.putFile(me, PNG, during());
  const pieces: Uint8Array[] = [];
  for await (const piece of history.readFile(me, id)) pieces.push(piece);
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
});

it("a download in whose middle the database goes fails with what to do, and is continued from there", async () => {
  const me = newUser();
  const { id } = await history.putFile(me, PNG, bytes);
  const pieces: Uint8Array[] = [];
  const read = async (from: number): Promise<void> => {
    for await (const piece of history.readFile(me, id, { start: from })) {
      pieces.push(piece);
      if (pieces.length === 1) await stop();
    }
  };
  await expect(read(0)).rejects.toMatchObject({ code: "unavailable" });
  await start();
  await read(Buffer.concat(pieces).length);
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
});
