import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  type AddressInfo,
  type Server,
  type Socket,
  connect,
  createServer as createTcpServer,
} from "node:net";

import { type ConnectionPool, createPool } from "@chatkeep/core";
import { seedApis } from "@chatkeep/seeds";
import {
  type Chatkeep,
  authenticateSession,
  createChatkeep,
  createLog,
  createNodeHandler,
} from "@chatkeep/server";
import { type Sleep, UNHURRIED, createDatabase, startDatabaseProxy } from "@chatkeep/testing";
import express from "express";
import { expect, onTestFinished, test } from "vitest";

const log = createLog({ level: "fatal" });

async function listening(server: Pick<Server, "listen" | "address" | "close" | "once">): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server as Server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A mount whose people are sessions, answered with "Hello.". */
function mountOn(pool: ConnectionPool): Chatkeep {
  return createChatkeep({
    pool,
    ...UNHURRIED.history,
    log,
    authenticate: authenticateSession,
    async *responder() {
      yield "Hello.";
    },
  });
}

/** A database behind a proxy that closes connections as long as it sleeps. */
async function sleeping() {
  const database = await createDatabase({ contents: "empty" });
  const url = new URL(database.url);
  const { hostname, port } = url;
  const proxy = { awake: false, connections: 0, refused: () => {} };
  const open = new Set<Socket>();
  const server = createTcpServer((socket) => {
    proxy.connections++;
    if (!proxy.awake) {
      socket.destroy();
      proxy.refused();
      return;
    }
    const upstream = connect(Number(port), hostname);
    for (const one of [socket, upstream]) open.add(one.on("error", () => {}));
    socket.pipe(upstream).pipe(socket);
  });
  url.port = String(await listening(server));
  url.hostname = "127.0.0.1";
  const pool = createPool(url.href);
  const chatkeep = mountOn(pool);
  onTestFinished(async () => {
    await chatkeep.close();
    await pool.end();
    for (const socket of open) socket.destroy();
    await database.close();
  });
  return { chatkeep, proxy };
}

test("requests that wait for the tables of a mount that is closed may be sent again", async () => {
  const database = await createDatabase({ contents: "empty" });
  const pool = createPool(database.url, UNHURRIED.pool);
  const chatkeep = mountOn(pool);
  onTestFinished(() => database.close());
  const blocker = await database.pool.connect();
  await blocker.query("select pg_advisory_lock(1667785076)");
  const headers = { "x-session-id": randomUUID() };
  const asked = chatkeep.fetch(new Request("http://host.example/api/conversations", { headers }));
  const waiting = "select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted";
  await expect.poll(async () => (await database.pool.query<{ n: number }>(waiting)).rows[0]!.n).toBe(1);
  await chatkeep.close();
  const ended = pool.end();
  await blocker.query("select pg_advisory_unlock(1667785076)");
  blocker.release();
  const reply = await asked;
  expect([reply.status, await reply.json()]).toMatchObject([503, { code: "unavailable" }]);
  await ended;
});

test("migrating waits for a database that sleeps, and its success is remembered", async () => {
  const { chatkeep, proxy } = await sleeping();
  proxy.refused = () => (proxy.awake = proxy.connections >= 3);
  const [one, other] = await Promise.all([chatkeep.migrate(), chatkeep.migrate()]);
  expect(one.from).toBe(0);
  expect(other).toBe(one);
  const { connections } = proxy;
  expect(await chatkeep.migrate()).toBe(one);
  expect(proxy.connections).toBe(connections);
});

test("a mount is ready when its tables are there, until it closes; a probe passes through below `/api`", async () => {
  const { chatkeep, proxy } = await sleeping();
  const probe = async (path: string): Promise<unknown[]> => {
    const response = await chatkeep.fetch(new Request(`http://host.example/api/${path}`));
    return [response.status, await response.json()];
  };
  proxy.awake = true;
  expect(await probe("health")).toMatchObject([200, { status: "ok" }]);
  const migrating = chatkeep.migrate();
  expect(await probe("ready")).toEqual([
    503,
    { ready: false, reason: "The server is starting or stopping." },
  ]);
  await migrating;
  expect(await probe("ready")).toEqual([200, { ready: true }]);
  await chatkeep.close();
  expect(await probe("ready")).toEqual([
    503,
    { ready: false, reason: "The server is starting or stopping." },
  ]);
});

test("mounts on one URL share one pool, which ends with the last; without a URL requests fail, not the mount", async () => {
  await using database = await createDatabase();
  const mount = (url: string | undefined) =>
    createChatkeep({
      database: url,
      log,
      authenticate: authenticateSession,
      async *responder() {
        yield "Hello.";
      },
    });
  const list = (chatkeep: ReturnType<typeof mount>): Promise<Response> =>
    chatkeep.fetch(
      new Request("http://host.example/api/conversations", { headers: { "x-session-id": randomUUID() } }),
    );
  const connections = async (): Promise<number> => {
    const { rows } = await database.pool.query(
      "select from pg_stat_activity where datname = $1 and application_name = 'chatkeep'",
      [database.name],
    );
    return rows.length;
  };
  // As hot reload loads a module again and again.
  const mounts = Array.from({ length: 20 }, () => mount(database.url));
  for (const one of mounts) expect((await list(one)).status).toBe(200);
  expect(await connections()).toBe(1);
  const last = mounts.pop()!;
  for (const one of mounts) await one.close();
  expect((await list(last)).status).toBe(200);
  await last.close();
  await expect.poll(connections).toBe(0);

  await using without = mount(undefined);
  expect((await list(without)).status).toBe(500);
  await expect(without.migrate()).rejects.toThrow("set DATABASE_URL");
});

test("a mount counts how often a person asks, as the command does", async () => {
  await using database = await createDatabase();
  await using chatkeep = createChatkeep({
    pool: database.pool,
    log,
    authenticate: authenticateSession,
    async *responder() {
      yield "Hello.";
    },
  });
  const headers = { "x-session-id": randomUUID(), "content-type": "application/json" };
  const send = (path: string, body: object): Promise<Response> =>
    chatkeep.fetch(
      new Request(`http://host.example${path}`, { method: "POST", headers, body: JSON.stringify(body) }),
    );
  const { id } = (await (await send("/api/conversations", {})).json()) as { id: string };
  expect((await send(`/api/conversations/${id}/turns`, { content: "Hi" })).status).toBe(200);
  const counted = async (): Promise<unknown[]> => {
    const { rows } = await database.pool.query("select points from chatkeep.rate_limits");
    return rows;
  };
  await expect.poll(counted).toEqual([{ points: 1 }]);
});

test("a mount refuses a database that does not keep people apart", async () => {
  await using database = await createDatabase();
  await database.pool.query("alter table chatkeep.messages disable row level security");
  await using chatkeep = createChatkeep({
    pool: database.pool,
    log,
    authenticate: authenticateSession,
    async *responder() {
      yield "Hello.";
    },
  });
  await expect(chatkeep.migrate()).rejects.toThrow("does not keep");
});

test("migrating that failed can be asked for again", async () => {
  const { chatkeep, proxy } = await sleeping();
  await expect(chatkeep.migrate({ wait: 0 })).rejects.toThrow("Connection terminated unexpectedly");
  proxy.awake = true;
  await expect(chatkeep.migrate({ wait: 0 })).resolves.toMatchObject({ from: 0 });
});

const PARSERS = {
  "express.json()": express.json(),
  "express.text()": express.text({ type: "application/json" }),
  "express.raw()": express.raw({ type: "application/json" }),
  "no parser": (_: unknown, __: unknown, next: () => void) => next(),
};

test.each(Object.keys(PARSERS) as (keyof typeof PARSERS)[])(
  "mounts in Express behind %s, below a path of Express' or of its own",
  async (name) => {
    const { Request: request, Response: response } = globalThis;
    await using database = await createDatabase();
    const options = {
      pool: database.pool,
      ...UNHURRIED.history,
      log,
      apis: [seedApis()],
      authenticate: () => ({ kind: "user", id: "ada" }) as const,
      async *responder({ question }: { question: { content: string } }) {
        yield `You said ${question.content}`;
      },
    };
    await using first = createChatkeep(options);
    await using second = createChatkeep({ ...options, basePath: "/own" });
    const app = express();
    app.use(PARSERS[name]);
    app.use("/assistant", createNodeHandler(first));
    app.all("/own/*path", createNodeHandler(second));
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const send = (path: string, body: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
    for (const path of ["/assistant", "/own"]) {
      const response = await send(`${path}/api/ada/chat`, JSON.stringify({ message: "Grüß Gott" }));
      expect(await response.json()).toMatchObject({ response: "You said Grüß Gott" });
      const deep = await send(`${path}/api/ada/chat`, `{"message":${"[".repeat(600)}${"]".repeat(600)}}`);
      expect(deep.status).toBe(400);
      expect(await deep.json()).toMatchObject({ detail: expect.stringContaining("nested") });
      expect(await (await fetch(`http://127.0.0.1:${port}${path}/api/ready`)).json()).toEqual({
        ready: true,
      });
    }
    // The host's own: its code and its libraries use them.
    expect([globalThis.Request, globalThis.Response]).toEqual([request, response]);
  },
);

test("the first request makes the tables, all methods of a route file answer, and a login without rights needs none", async () => {
  await using database = await createDatabase({ contents: "empty" });
  const mount = (url: string) =>
    createChatkeep({
      database: url,
      log,
      authenticate: authenticateSession,
      async *responder() {
        yield "Hello.";
      },
    });
  const headers = { "x-session-id": randomUUID(), "content-type": "application/json" };
  const request = (method: string, path = "", body?: object): Request =>
    new Request(`http://host.example/api/conversations${path}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
  await using chatkeep = mount(database.url);
  const { GET, POST, PATCH, DELETE, OPTIONS } = chatkeep.handlers;
  // As many at once as a page sends.
  const [created, listed] = await Promise.all([
    POST(request("POST", "", { id: "first" })),
    GET(request("GET")),
  ]);
  expect([created.status, listed.status]).toEqual([201, 200]);
  expect(await (await PATCH(request("PATCH", "/first", { title: "One" }))).json()).toMatchObject({
    title: "One",
  });
  expect((await DELETE(request("DELETE", "/first"))).status).toBe(204);
  expect((await OPTIONS(request("OPTIONS"))).headers.get("allow")).toContain("POST");

  const login = `reader_${randomUUID().slice(0, 8)}`;
  await database.pool.query(`create role ${login} login password 'secret'`);
  try {
    await chatkeep.migrate({ grantTo: [login] });
    const url = new URL(database.url);
    url.username = login;
    url.password = "secret";
    await using other = mount(url.href);
    expect((await other.handlers.GET(request("GET"))).status).toBe(200);
  } finally {
    await database.pool.query(`drop owned by ${login}`);
    await database.pool.query(`drop role ${login}`);
  }
});

test("a first request waits for a database that says it is starting, and not for a silent one", async () => {
  await using database = await createDatabase({ contents: "empty" });
  const mount = async (sleep: Sleep) => {
    const proxy = await startDatabaseProxy(database.url, sleep);
    const pool = createPool(proxy.url);
    const chatkeep = mountOn(pool);
    const list = async (): Promise<number> => {
      const request = new Request("http://host.example/api/conversations", {
        headers: { "x-session-id": randomUUID() },
      });
      return (await chatkeep.fetch(request)).status;
    };
    const close = async (): Promise<void> => {
      await chatkeep.close();
      await pool.end();
      await proxy[Symbol.asyncDispose]();
    };
    return { proxy, list, [Symbol.asyncDispose]: close };
  };
  await using starting = await mount("starting");
  const listing = starting.list();
  await starting.proxy.asked();
  starting.proxy.wake();
  expect(await listing).toBe(200);
  await using silent = await mount("holds");
  expect(await silent.list()).toBe(503);
});

test("a request does not wait with a host that waits for its database", async () => {
  const { chatkeep, proxy } = await sleeping();
  const migrating = chatkeep.migrate();
  const list = (): Promise<Response> =>
    chatkeep.fetch(
      new Request("http://host.example/api/conversations", { headers: { "x-session-id": randomUUID() } }),
    );
  for (let asked = 0; asked < 3; asked++) expect((await list()).status).toBe(503);
  proxy.awake = true;
  expect((await list()).status).toBe(200);
  await expect(migrating).resolves.toMatchObject({ to: expect.any(Number) });
});

test("a first request while the database cannot be reached is 503, and the next one makes the tables", async () => {
  const { chatkeep, proxy } = await sleeping();
  const list = (): Promise<Response> =>
    chatkeep.handlers.GET(
      new Request("http://host.example/api/conversations", { headers: { "x-session-id": randomUUID() } }),
    );
  const refused = async (): Promise<void> => {
    const response = await list();
    expect([response.status, await response.json()]).toMatchObject([503, { code: "unavailable" }]);
  };
  // Both wait for one attempt.
  const [attempt] = await Promise.allSettled([chatkeep.migrate({ wait: 0 }), refused()]);
  expect(attempt.status).toBe("rejected");
  await refused();
  expect(proxy.connections).toBe(2);
  proxy.awake = true;
  const ready = (): Promise<Response> => chatkeep.fetch(new Request("http://host.example/api/ready"));
  expect((await ready()).status).toBe(200);
  expect((await list()).status).toBe(200);
});
