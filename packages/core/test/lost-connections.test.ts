import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

import {
  type Connection,
  type ConnectionPool,
  createHistory,
  createPool,
  migrate,
  openConnection,
  requireIsolation,
} from "@chatkeep/core";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";

import { newUser } from "./fixture.ts";

const database = await fileDatabase();
const pool = createPool(database.url);
afterAll(() => pool.end());

/** Ends the connection of the statement that waits for a lock, as an administrator or a crash does. */
async function cutWhoeverWaits(): Promise<void> {
  for (;;) {
    const { rows } = await database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (rows.length > 0) return;
  }
}

// An error that nobody listens for would end this process, and fail the run.
describe("a connection that is lost while it is held", () => {
  it("fails the migration, not the process", async () => {
    const holder = await openConnection(database.url);
    onTestFinished(() => holder.end());
    await holder.query("begin; select pg_advisory_xact_lock(1667785076)");
    await Promise.all([expect(migrate(pool)).rejects.toThrow(/terminat/), cutWhoeverWaits()]);
    await holder.query("rollback");
    expect(await migrate(pool)).toMatchObject({ security: "roles" });
  });

  it("fails the check of isolation, not the process", async () => {
    const holder = await openConnection(database.url);
    onTestFinished(() => holder.end());
    await holder.query("begin; lock table chatkeep.owners in access exclusive mode");
    await Promise.all([expect(requireIsolation(pool)).rejects.toThrow(/terminat/), cutWhoeverWaits()]);
  });

  it("fails whoever took it, not the process, when it is lost in the very moment in which it was opened", async () => {
    const server = createServer((socket) => {
      // What PostgreSQL says to let somebody in, and to end the connection, in one packet.
      socket.once("data", () =>
        socket.end(
          Buffer.concat([
            Buffer.from("R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I"),
            Buffer.from("E\0\0\0\x1fSFATAL\0C57P01\0Mgoing down\0\0"),
          ]),
        ),
      );
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const dying = createPool(`postgres://me@127.0.0.1:${(server.address() as AddressInfo).port}/it`);
    onTestFinished(() => dying.end());
    await expect(migrate(dying)).rejects.toThrow(/terminated|not queryable|going down/);
  });

  it("fails the next question of whoever looks at a server, not the process", async () => {
    const looking = await openConnection(database.url);
    const { rows } = await looking.query<{ pid: number }>("select pg_backend_pid() as pid");
    const ended = new Promise((resolve) => looking.once("end", resolve));
    await database.pool.query("select pg_terminate_backend($1)", [rows[0]!.pid]);
    await ended;
    await expect(looking.query("select 1")).rejects.toThrow(/not queryable|closed|terminated/);
  });
});

it("adds no listener to a connection for each time that the pool lends it", async () => {
  const own = createPool(database.url, { max: 1 });
  onTestFinished(() => own.end());
  const history = createHistory({ pool: own });
  onTestFinished(() => history.close());
  const me = newUser();
  const { conversation } = await history.createConversation(me);
  const forks = async (): Promise<number> => {
    const [stored] = await history.appendMessages(me, conversation.id, [
      { role: "user", content: "A question" },
    ]);
    await history.forkConversation(me, conversation.id, stored!.id);
    const connection = await own.connect();
    const count = connection.listenerCount("error");
    connection.release();
    return count;
  };
  const first = await forks();
  expect([await forks(), await forks()]).toEqual([first, first]);
});

it("tells the operator of a lost connection the error and nothing else: a connection knows what was said on it", async () => {
  const told: unknown[][] = [];
  const own = createPool(database.url);
  const history = createHistory({ pool: own, onError: (...all) => void told.push(all) });
  await history.createConversation(newUser(), { title: "A secret" });
  const lost = new Promise((resolve) => own.once("error", resolve));
  await database.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = 'chatkeep' and pid <> pg_backend_pid()`,
  );
  await lost;
  expect(told).toEqual([[expect.objectContaining({ code: "57P01" })]]);
  await history.close();
  await own.end();
});

// How Node and `pg` tell of a connection that the server closed: while it is read, written to, or asked.
it.each([
  Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" }),
  Object.assign(new Error("write EPIPE"), { code: "EPIPE", syscall: "write" }),
  new Error("Connection terminated unexpectedly"),
  new Error("Client has encountered a connection error and is not queryable"),
])("asks on other connections when a crash closed those of the pool: $message", async (lost) => {
  let dead = 5;
  const flaky: ConnectionPool = {
    query: (config) => ((dead -= 1) < 0 ? pool.query(config) : Promise.reject(lost)),
    connect: () => pool.connect(),
    on: () => undefined,
  };
  const history = createHistory({ pool: flaky });
  onTestFinished(() => history.close());
  const { conversation } = await history.createConversation(newUser(), { title: "Stored" });
  expect(conversation.title).toBe("Stored");
  expect(dead).toBeLessThan(0);
});

it("a process that stands still in a transaction holds its conversation for seconds, and changes nothing", async () => {
  const reached = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const connect = async (): Promise<Connection> => {
    const connection = await pool.connect();
    return {
      on: connection.on.bind(connection),
      release: (destroy) => connection.release(destroy),
      async query(config) {
        if (config.text === "commit") reached.resolve();
        if (config.text === "commit") await goOn.promise;
        return connection.query(config);
      },
    };
  };
  const still = createHistory({
    ...UNHURRIED.history,
    pool: { query: (config) => pool.query(config), on: () => undefined, connect },
  });
  const history = createHistory({ ...UNHURRIED.history, pool });
  onTestFinished(() => Promise.all([still.close(), history.close()]).then(() => undefined));
  const me = newUser();
  const { conversation } = await history.createConversation(me);
  const [first, second] = await history.appendMessages(me, conversation.id, [
    { role: "user", content: "One" },
    { role: "user", content: "Two" },
  ]);
  const held = still.setHead(me, conversation.id, first!.id);
  await reached.promise;
  // Waits for the lock.
  expect(await history.setHead(me, conversation.id, second!.id)).toMatchObject({ headId: second!.id });
  goOn.resolve();
  await expect(held).rejects.toMatchObject({ code: "unavailable" });
  expect((await history.getConversation(me, conversation.id)).headId).toBe(second!.id);
});
