import { randomBytes } from "node:crypto";

import { type ConnectionPool, createHistory, createPool, migrate } from "@chatkeep/core";
import { type Owner, createClient } from "@chatkeep/protocol";
import { authenticateSession, createLog, createServer, listen } from "@chatkeep/server";
import { temporaryHome } from "@chatkeep/testing";
import { openEmbeddedDatabase } from "chatkeep/embedded";

import { type Measure, median } from "./measure.ts";

const MB = 1_000_000;
const PICTURE = 3 * MB;
const LARGE = 1000 * MB;
const ROUNDS = 15;
const PNG = { mediaType: "image/png" };

/**
 * Files: throughput beside large objects and beside one `bytea` value a file, both bare; what a picture takes on the
 * disk; and the memory of a server and its client, in one process, while a file of 1 GB goes up and down.
 */
export async function* measureFiles(): AsyncGenerator<Measure> {
  await using home = temporaryHome();
  const log = { info: () => undefined, error: () => undefined };
  await using database = await openEmbeddedDatabase({ home: home.path, log });
  const pool = createPool(database.url);
  await migrate(pool);
  await pool.query({ text: "create table bare (id serial primary key, bytes bytea)", values: [] });
  await pool.query({ text: "alter table bare alter bytes set storage external", values: [] });
  const limits = { fileBytes: 2 * LARGE, ownerFileBytes: 10 * LARGE };
  await using history = createHistory({ pool, limits });
  const owner: Owner = { kind: "session", id: crypto.randomUUID() };

  const sides: Record<string, Side> = {
    ours: {
      write: async (bytes) => (await history.putFile(owner, PNG, bytes)).id,
      read: async (id) => {
        let length = 0;
        for await (const piece of history.readFile(owner, id as string)) length += piece.byteLength;
        return length;
      },
    },
    "a large object": {
      write: (bytes) => valueOf(pool, "select lo_from_bytea(0, $1) as value", bytes),
      read: async (id) => ((await valueOf(pool, "select lo_get($1) as value", id)) as Buffer).byteLength,
    },
    "one bytea value": {
      write: (bytes) => valueOf(pool, "insert into bare (bytes) values ($1) returning id as value", bytes),
      read: async (id) =>
        ((await valueOf(pool, "select bytes as value from bare where id = $1", id)) as Buffer).byteLength,
    },
  };
  const rates = new Map<string, { up: number[]; down: number[] }>();
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [name, side] of Object.entries(sides)) {
      const { up, down } = rates.get(name) ?? { up: [], down: [] };
      rates.set(name, { up, down });
      // Random, or an equal picture would be known.
      const bytes = randomBytes(PICTURE);
      const began = performance.now();
      const id = await side.write(bytes);
      const stored = performance.now();
      if ((await side.read(id)) !== PICTURE) throw new Error(`${name} gave back other bytes.`);
      up.push(rateOf(began, stored));
      down.push(rateOf(stored, performance.now()));
    }
  const ours = rates.get("ours")!;
  for (const [name, other] of rates) {
    if (name === "ours") continue;
    for (const [direction, way] of [
      ["store", "up"],
      ["read", "down"],
    ] as const)
      yield {
        name: `${direction} pictures of 3 MB one after the other, beside ${name}`,
        value: median(ours[way]),
        unit: "MB/s",
        limit: median(other[way]),
        ratio: median(ours[way].map((rate, round) => rate / other[way][round]!)),
      };
  }

  const sizeOf = async (): Promise<number> =>
    Number(await valueOf(pool, "select pg_total_relation_size('chatkeep.file_chunks') as value"));
  await pool.query({ text: "vacuum full chatkeep.file_chunks", values: [] });
  const before = await sizeOf();
  for (let count = 0; count < 20; count += 1) await history.putFile(owner, PNG, randomBytes(PICTURE));
  yield {
    name: "bytes on the disk for a byte of a picture of 3 MB, index included",
    value: ((await sizeOf()) - before) / (20 * PICTURE),
    unit: "",
    target: { most: 1.03 },
  };
  yield {
    name: "bytes in the rows for a byte of a picture of 3 MB",
    value: Number(
      await valueOf(
        pool,
        "select sum(octet_length(c.bytes)) / sum(f.size) as value from chatkeep.file_chunks c " +
          "join (select id, size::numeric / (size / 8096 + 1) as size from chatkeep.files) f on f.id = c.file_id",
      ),
    ),
    unit: "",
    target: { most: 1.01 },
  };

  const quiet = createLog({ level: "error" });
  const server = createServer({
    history,
    authenticate: authenticateSession,
    health: () => history.health(),
    storage: { bytesPerOwner: 0, bytesPerAddress: 0 },
    log: quiet,
  });
  await using listening = await listen({ server, port: 0, log: quiet });
  const client = createClient({ baseUrl: listening.url });
  const warm = await client.putFile(owner, PNG, bytesOf(20 * MB));
  for await (const _ of client.readFile(owner, warm.id));
  const idle = process.memoryUsage.rss();
  let peak = idle;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
  const began = performance.now();
  const { id } = await client.putFile(owner, PNG, bytesOf(LARGE));
  const stored = performance.now();
  const [highest, up] = [peak, (LARGE / MB / (stored - began)) * 1000];
  peak = process.memoryUsage.rss();
  let length = 0;
  for await (const piece of client.readFile(owner, id)) length += piece.byteLength;
  if (length !== LARGE) throw new Error("The large file came back shorter.");
  const down = (LARGE / MB / (performance.now() - stored)) * 1000;
  clearInterval(timer);
  for (const [way, most, rate] of [
    ["up", highest, up],
    ["down", peak, down],
  ] as const) {
    yield {
      name: `memory above idle while 1 GB goes ${way} by HTTP, server and client together`,
      value: (most - idle) / MB,
      unit: "MB",
      target: { most: 64 },
    };
    yield { name: `1 GB ${way} by HTTP`, value: rate, unit: "MB/s" };
  }
  await client.close();
  await pool.end();
}

interface Side {
  write(bytes: Buffer): Promise<unknown>;
  read(id: unknown): Promise<number>;
}

function rateOf(from: number, to: number): number {
  return (PICTURE / MB / (to - from)) * 1000;
}

async function valueOf(pool: ConnectionPool, text: string, ...values: unknown[]): Promise<unknown> {
  const { rows } = await pool.query({ text, values });
  return (rows[0] as { value: unknown }).value;
}

async function* bytesOf(length: number): AsyncGenerator<Uint8Array> {
  const piece = randomBytes(64 * 1024);
  for (let left = length; left > 0; left -= piece.byteLength) yield piece.subarray(0, left);
}
