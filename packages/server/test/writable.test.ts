import { execFileSync } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

import { createPool } from "@chatkeep/core";
import { authenticatePeople, createChatkeep, createLog } from "@chatkeep/server";
import {
  type Postgres,
  UNHURRIED,
  createDatabase,
  startDatabaseProxy,
  startPostgres,
  startStandby,
  temporaryHome,
} from "@chatkeep/testing";
import { expect, onTestFinished, test, vi } from "vitest";

const READY = [200, { ready: true }];
const refusing = (reason: unknown): unknown => [503, { ready: false, reason }];

/** A node that never tried a write, because the result of a try is kept for a while. */
function open(url: string) {
  const pool = createPool(url, UNHURRIED.pool);
  const chatkeep = createChatkeep({
    pool,
    authenticate: authenticatePeople(),
    log: createLog({ level: "silent" }),
  });
  onTestFinished(async () => {
    await chatkeep.close();
    await pool.end();
  });
  const get = async (path: string): Promise<unknown[]> => {
    const reply = await chatkeep.fetch(new Request(`http://host.example/api/${path}`));
    return [reply.status, await reply.json()];
  };
  return {
    ready: () => get("ready"),
    health: () => get("health"),
    migrate: () => chatkeep.migrate(),
    createConversation: () =>
      chatkeep.history.createConversation({ kind: "user", id: "ada", issuer: "test" }),
  };
}

async function openServer(): Promise<{
  postgres: Postgres;
  url: string;
  set: (sql: string) => Promise<void>;
}> {
  const postgres = await startPostgres();
  onTestFinished(() => postgres.remove());
  const { url, pool } = await createDatabase({ server: postgres.url("postgres") });
  onTestFinished(() => pool.end());
  return {
    postgres,
    url,
    async set(sql) {
      await pool.query(`alter system set ${sql}`);
      await pool.query("select pg_reload_conf()");
    },
  };
}

test("a node whose database is read-only is not ready, says why, and is ready when that has passed", async () => {
  const { url, set } = await openServer();
  const node = open(url);
  await node.migrate();
  await set("default_transaction_read_only = on");
  await expect.poll(node.ready).toEqual(refusing("The database is read-only, as a standby is."));
  expect(await node.health()).toMatchObject([
    200,
    { status: "degraded", database: { status: "unwritable", latency_ms: expect.any(Number) } },
  ]);
  await set("default_transaction_read_only = off");
  await expect.poll(node.ready).toEqual(READY);
});

test("a node whose address leads to a standby is ready once that is promoted", async () => {
  const { postgres, url } = await openServer();
  await using standby = await startStandby(postgres);
  await using proxy = await startDatabaseProxy(standby.url(new URL(url).pathname.slice(1)));
  const node = open(proxy.url);
  await expect.poll(node.ready).toEqual(refusing("The database is read-only, as a standby is."));
  await postgres.stop("immediate");
  await standby.promote();
  await expect.poll(node.ready).toEqual(READY);
});

test("a node whose synchronous standby is away is not ready, as no question would be acknowledged", async () => {
  const { postgres, url } = await openServer();
  await using standby = await startStandby(postgres, { synchronous: true });
  const node = open(url);
  await standby.stop();
  const reason = "The database does not acknowledge writes, as when its synchronous standby is away.";
  await expect.poll(node.ready).toEqual(refusing(reason));
  await standby.start();
  await expect.poll(node.ready).toEqual(READY);
});

/** A disk of its own; `undefined` where this account may mount none. */
function mountDisk(megabytes: number): string | undefined {
  const { path } = temporaryHome();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=1777`, "tmpfs", path], {
      stdio: "ignore",
    });
    return path;
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
}

const disk = mountDisk(256);

test.runIf(disk !== undefined)(
  "a node whose database has a full disk is not ready until there is room",
  async () => {
    onTestFinished(() => {
      execFileSync("umount", [disk!]);
      rmSync(disk!, { recursive: true });
    });
    vi.stubEnv("TMPDIR", disk);
    const { url } = await openServer().finally(() => vi.unstubAllEnvs());
    const node = open(url);
    await node.migrate();
    const ballast = join(disk!, "ballast");
    const file = openSync(ballast, "w");
    for (const size of [1 << 20, 4096]) {
      const piece = Buffer.alloc(size);
      expect(() => {
        for (;;) if (writeSync(file, piece) < size) throw new Error("ENOSPC");
      }).toThrow("ENOSPC");
    }
    closeSync(file);
    await expect.poll(node.ready).toEqual(refusing("The disk of the database is full."));
    expect(await node.health()).toMatchObject([200, { status: "degraded" }]);
    rmSync(ballast);
    await expect.poll(node.ready).toEqual(READY);
    await node.createConversation();
  },
);
