import { randomUUID } from "node:crypto";

import { type ConnectionPool, createLimitStore, createPool } from "@chatkeep/core";
import { type Rates, createRequestLimits } from "@chatkeep/server";
import { fileDatabase } from "@chatkeep/testing";
import { afterAll, describe, expect, it } from "vitest";

import { addressOf } from "../src/limits/limits.ts";
import { type PeopleServer, actingFor, newSession, newUser, startPeopleServer } from "./people.ts";

const database = await fileDatabase();

/** A node with these rates; the others are off. */
async function startNode(
  rates: Partial<Rates>,
  storeUrl = database.url,
  trustedProxies = 1,
): Promise<PeopleServer> {
  const pool = createPool(storeUrl);
  const store = createLimitStore({ pool });
  afterAll(async () => {
    store.close();
    await pool.end();
  });
  const off = { requestsPerOwner: 0, requestsPerAddress: 0, turnsPerOwner: 0, turnsPerAddress: 0 };
  const limits = createRequestLimits({ store, rates: { ...off, ...rates } });
  return startPeopleServer(database.url, { server: { limits, trustedProxies } });
}

const from = (address: string) => ({ "x-forwarded-for": address });
const list = "/api/conversations";

async function statuses(calls: readonly Promise<Response>[]): Promise<number[]> {
  const responses = await Promise.all(calls);
  await Promise.all(responses.map((response) => response.text()));
  return responses.map(({ status }) => status).toSorted((a, b) => a - b);
}

describe("requests of one owner", async () => {
  const [one, two] = [await startNode({ requestsPerOwner: 10 }), await startNode({ requestsPerOwner: 10 })];

  it("are counted by each node for itself, and refused with the time to wait", async () => {
    const { credentials } = newSession();
    for (const node of [one, two]) {
      const calls = Array.from({ length: 16 }, () => node.call("GET", list, { credentials }));
      expect((await statuses(calls)).filter((status) => status === 200)).toHaveLength(10);
    }
    const refused = await one.call("GET", list, { credentials });
    expect(refused.status).toBe(429);
    const wait = Number(refused.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
    expect(await refused.json()).toMatchObject({
      code: "rate_limited",
      retry_after: wait,
      detail: expect.stringContaining("limit of 10 requests a minute of one person") as string,
    });
  });

  it("are each owner's own", async () => {
    const [me, other] = [newSession(), await newUser()];
    await statuses(Array.from({ length: 11 }, () => one.call("GET", list, { credentials: me.credentials })));
    expect((await one.call("GET", list, { credentials: other.credentials })).status).toBe(200);
  });

  it("do not count probes and documents", async () => {
    const probes = Array.from({ length: 30 }, () =>
      one.call("GET", "/health", { credentials: from("192.0.2.1") }),
    );
    expect(new Set(await statuses(probes))).toEqual(new Set([200]));
  });
});

describe("requests from one address", async () => {
  const one = await startNode({ requestsPerAddress: 5 });

  it("are counted whoever sends them, also those without a credential", async () => {
    const calls = Array.from({ length: 8 }, (_, index) =>
      one.call("GET", list, {
        credentials: { ...(index < 4 ? newSession().credentials : {}), ...from("192.0.2.7") },
      }),
    );
    const seen = await statuses(calls);
    expect(seen.filter((status) => status === 429)).toHaveLength(3);
    const elsewhere = { ...newSession().credentials, ...from("192.0.2.8") };
    expect((await one.call("GET", list, { credentials: elsewhere })).status).toBe(200);
  });

  it("are not escaped by making up addresses before the proxy's", async () => {
    const calls = Array.from({ length: 8 }, (_, index) =>
      one.call("GET", list, {
        credentials: { ...newSession().credentials, ...from(`10.0.0.${index}, 192.0.2.9`) },
      }),
    );
    expect((await statuses(calls)).filter((status) => status === 429)).toHaveLength(3);
  });

  it("of a trusted back end, which speaks for many, are not counted", async () => {
    const calls = Array.from({ length: 12 }, () =>
      one.call("GET", list, { credentials: { ...actingFor(randomUUID()), ...from("192.0.2.10") } }),
    );
    expect(new Set(await statuses(calls))).toEqual(new Set([200]));
  });
});

it("where no proxy wrote an address, the socket's is counted; a proxy that no setting tells of is told of once", async () => {
  const behind = await startNode({ requestsPerAddress: 5 });
  const untold = await startNode({ requestsPerAddress: 5 }, database.url, 0);
  const ask = (node: PeopleServer, headers: object): Promise<Response> =>
    node.call("GET", list, { credentials: { ...newSession().credentials, ...headers } });
  const nameless = [{}, from(",,"), from("nobody"), {}, from(","), from("unknown")];
  const named = [1, 2, 3, 4, 5, 6].map((last) => from(`192.0.2.${last}`));
  for (const seen of [
    await statuses(nameless.map((headers) => ask(behind, headers))),
    await statuses(named.map((headers) => ask(untold, headers))),
  ])
    expect(seen).toEqual([200, 200, 200, 200, 200, 429]);
  expect(untold.logged().split("CHATKEEP_TRUST_PROXY")).toHaveLength(2);
  expect(behind.logged()).not.toContain("CHATKEEP_TRUST_PROXY");
});

describe("questions", async () => {
  const node = await startNode({ turnsPerOwner: 3, requestsPerOwner: 100 });
  const other = await startNode({ turnsPerOwner: 3, requestsPerOwner: 100 });

  it("beyond the limit are refused before the responder; a retry of a stored one never is", async () => {
    const { owner, credentials } = newSession();
    const { conversation } = await node.history.createConversation(owner);
    const path = `${list}/${conversation.id}/turns`;
    const ask = (on: PeopleServer, id: string): Promise<Response> =>
      on.call("POST", path, { credentials, body: { id, content: "What is it?" } });
    for (const id of ["q1", "q2", "q3"]) expect((await ask(node, id)).status).toBe(200);
    const refused = await ask(other, "q4");
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ code: "rate_limited" });
    for (const id of ["q1", "q2", "q3", "q3", "q3"]) {
      const again = await ask(other, id);
      expect([id, again.status]).toEqual([id, 200]);
      expect(await again.json()).toMatchObject({ turn: { message_id: id, status: "complete" } });
    }
    expect((await ask(node, "q4")).status).toBe(429);
    expect((await node.history.listMessages(owner, conversation.id)).total).toBe(6);
  });

  it("of one owner do not spend another's", async () => {
    const { owner, credentials } = newSession();
    const { conversation } = await node.history.createConversation(owner);
    const answer = await node.call("POST", `${list}/${conversation.id}/turns`, {
      credentials,
      body: { content: "Hello" },
    });
    expect(answer.status).toBe(200);
  });
});

describe("edits and other answers", () => {
  const question = (id: string, text: string) => ({ id, role: "user", parts: [{ type: "text", text }] });
  /** Asks as `useChat` does; the whole stream. */
  const post = async (node: PeopleServer, credentials: object, body: object): Promise<[number, string]> => {
    const response = await node.call("POST", "/api/chat", { credentials: credentials as never, body });
    return [response.status, await response.text()];
  };

  it("beyond the limit change nothing, through useChat and natively", async () => {
    const node = await startNode({ turnsPerOwner: 2 });
    const { owner, credentials } = newSession();
    const id = randomUUID();
    const [one, two] = [question("q1", "one"), question("q2", "two")];
    await post(node, credentials, { id, messages: [one] });
    await post(node, credentials, { id, messages: [one, two] });
    const told = () => node.history.listMessages(owner, id, { branches: "all" });
    const before = await told();
    expect(before.total).toBe(4);
    const answer = before.messages[1]!;
    const path = `${list}/${id}`;
    for (const body of [
      { id, trigger: "regenerate-message", messages: [one] },
      { id, trigger: "regenerate-message", messageId: answer.id, messages: [one] },
      { id, trigger: "submit-message", messageId: "q1", messages: [question("q1", "uno")] },
    ])
      expect((await post(node, credentials, body))[0]).toBe(429);
    for (const [native, body] of [
      [`${path}/messages/q1/regenerate`, {}],
      [`${path}/turns`, { content: "uno", parent_id: null }],
    ] as const)
      expect((await node.call("POST", native, { credentials, body })).status).toBe(429);
    expect(await told()).toEqual(before);
  });

  it("are counted once where they stop an answer, and refused before they stop it", async () => {
    const reached = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let begun = 0;
    const pool = createPool(database.url);
    const store = createLimitStore({ pool });
    const off = { requestsPerOwner: 0, requestsPerAddress: 0, turnsPerAddress: 0 };
    const node = await startPeopleServer(database.url, {
      server: {
        limits: createRequestLimits({ store, rates: { ...off, turnsPerOwner: 2 } }),
        trustedProxies: 1,
      },
      history: {
        async *responder({ signal }) {
          yield "Well, ";
          reached[begun++]?.resolve();
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        },
      },
    });
    const { owner, credentials } = newSession();
    const id = randomUUID();
    const first = post(node, credentials, { id, messages: [question("q1", "one")] });
    await reached[0]!.promise;
    const edit = { id, trigger: "submit-message", messageId: "q1" };
    // The second turn of two, though it is begun twice: once before the first is stopped, and once after.
    const second = post(node, credentials, { ...edit, messages: [question("q1", "uno")] });
    await reached[1]!.promise;
    expect((await first)[0]).toBe(200);
    expect((await post(node, credentials, { ...edit, messages: [question("q1", "eins")] }))[0]).toBe(429);
    const { runningTurn } = await node.history.getConversation(owner, id);
    expect(runningTurn).not.toBeNull();
    await node.history.stopTurn(owner, id, runningTurn!);
    expect((await second)[0]).toBe(200);
    expect((await node.history.listMessages(owner, id)).messages.map(({ content }) => content)).toEqual([
      "uno",
      "Well, ",
    ]);
    store.close();
    await pool.end();
  });
});

it("a retry of stored messages is let through when the requests themselves are beyond the limit", async () => {
  const node = await startNode({ requestsPerOwner: 3 });
  const { owner, credentials } = newSession();
  const { conversation } = await node.history.createConversation(owner);
  const path = `${list}/${conversation.id}/messages`;
  const append = (...ids: string[]): Promise<Response> =>
    node.call("POST", path, {
      credentials,
      body: { messages: ids.map((id) => ({ id, role: "user", content: `Message ${id}` })) },
    });
  expect((await append("m1", "m2")).status).toBe(201);
  await statuses(Array.from({ length: 5 }, () => node.call("GET", list, { credentials })));
  expect((await append("m1", "m2")).status).toBe(201);
  expect((await append("m2", "m3")).status).toBe(429);
  expect((await append("m3")).status).toBe(429);
  expect((await node.call("GET", path, { credentials })).status).toBe(429);
  expect((await node.history.listMessages(owner, conversation.id)).total).toBe(2);
});

it("while the limits' database is away, each node counts questions for itself", async () => {
  // Nothing listens on port 1.
  const node = await startNode({ turnsPerOwner: 4 }, "postgres://nobody@127.0.0.1:1/nothing");
  const { owner, credentials } = newSession();
  const { conversation } = await node.history.createConversation(owner);
  const path = `${list}/${conversation.id}/turns`;
  const ask = () => node.call("POST", path, { credentials, body: { content: "What is it?" } });
  const seen: number[] = [];
  for (let count = 0; count < 6; count++) seen.push((await ask()).status);
  expect(seen).toEqual([200, 200, 200, 200, 429, 429]);
});

it("a page read sends no statement for the limits, and a question sends one", async () => {
  const pool = createPool(database.url);
  const sent: string[] = [];
  const store = createLimitStore({
    pool: {
      query: (config) => {
        if (config.text.includes(".consume_quota(")) sent.push(config.text);
        return (pool as ConnectionPool).query(config);
      },
      connect: () => Promise.reject(new Error("not needed")),
      on: () => undefined,
    },
  });
  afterAll(async () => {
    store.close();
    await pool.end();
  });
  const limits = createRequestLimits({ store });
  const node = await startPeopleServer(database.url, { server: { limits, trustedProxies: 1 } });
  const { owner, credentials } = newSession();
  const { conversation } = await node.history.createConversation(owner);
  const call = (method: string, path: string, body?: object): Promise<Response> =>
    node.call(method, `${list}/${conversation.id}/${path}`, {
      credentials: { ...credentials, ...from("192.0.2.30") },
      ...(body === undefined ? {} : { body }),
    });
  expect((await call("GET", "messages")).status).toBe(200);
  expect(sent).toEqual([]);
  expect((await call("POST", "turns", { content: "What is it?" })).status).toBe(200);
  expect(sent).toHaveLength(1);
});

it("points that come at once are spent by few statements, and none is lost", async () => {
  const pool = createPool(database.url);
  let sent = 0;
  const store = createLimitStore({
    pool: {
      query: (config) => {
        if (config.text.includes(".consume_quota(")) sent += 1;
        return (pool as { query(config: object): Promise<{ rows: unknown[] }> }).query(config);
      },
      connect: () => Promise.reject(new Error("not needed")),
      on: () => undefined,
    },
  });
  const keys = [randomUUID(), randomUUID()];
  const spent = await Promise.all(
    Array.from({ length: 100 }, (_, index) => store.spend(keys[index % 2]!, 1, 60_000)),
  );
  for (const offset of [0, 1]) {
    const counts = spent.filter((_, index) => index % 2 === offset).map(({ points }) => points);
    expect(counts).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  }
  expect(sent).toBeLessThanOrEqual(3);
  store.close();
  await pool.end();
});

it("the number of conversations of one owner has a limit, which the error names", async () => {
  const node = await startPeopleServer(database.url, { history: { limits: { conversations: 2 } } });
  const { owner, credentials } = newSession();
  const create = (body: object = {}): Promise<Response> => node.call("POST", list, { credentials, body });
  expect([(await create({ scope: "intro" })).status, (await create()).status]).toEqual([201, 201]);
  const refused = await create();
  expect(refused.status).toBe(409);
  expect(await refused.json()).toMatchObject({
    detail: expect.stringContaining("2 conversations") as string,
  });
  expect((await create({ scope: "intro" })).status).toBe(200);
  await node.history.deleteConversation(
    owner,
    (await node.history.listConversations(owner)).conversations[0]!.id,
  );
  expect((await create()).status).toBe(201);
});

describe("the address that a request is counted under", () => {
  const of = (forwarded: string | undefined, proxies: number, socket?: string): string | undefined =>
    addressOf(
      new Request("http://localhost/", forwarded === undefined ? {} : { headers: from(forwarded) }),
      { incoming: { socket: { remoteAddress: socket } } },
      proxies,
    );

  it.each([
    [undefined, 0, "192.0.2.1", "192.0.2.1"],
    ["203.0.113.9", 0, "192.0.2.1", "192.0.2.1"],
    ["203.0.113.9", 0, "::ffff:192.0.2.1", "192.0.2.1"],
    [undefined, 0, "127.0.0.1", "127.0.0.1"],
    ["203.0.113.9", 0, "127.0.0.1", "127.0.0.1"],
    [undefined, 0, "::1", "0:0:0:0::/64"],
    [undefined, 0, undefined, undefined],
    ["1.1.1.1, 203.0.113.9", 1, "10.0.0.1", "203.0.113.9"],
    ["1.1.1.1, 203.0.113.9, 10.0.0.2", 2, "10.0.0.1", "203.0.113.9"],
    ["203.0.113.9:4711", 1, "10.0.0.1", "203.0.113.9"],
    ["[2001:db8::1]:4711", 1, "10.0.0.1", "2001:db8:0:0::/64"],
    ["2001:db8:1:2:3:4:5:6", 1, "10.0.0.1", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::ffff", 1, "10.0.0.1", "2001:db8:1:2::/64"],
    ["unknown", 1, "10.0.0.1", "10.0.0.1"],
    ["203.0.113.9, 999.1.1.1", 1, "10.0.0.1", "10.0.0.1"],
    ["", 1, "10.0.0.1", "10.0.0.1"],
    [",,,", 1, "10.0.0.1", "10.0.0.1"],
    [undefined, 1, "10.0.0.1", "10.0.0.1"],
    ["203.0.113.9", 2, "10.0.0.1", "10.0.0.1"],
    ["203.0.113.9", 1, undefined, "203.0.113.9"],
  ])("of %j behind %d proxies, socket %s, is %s", (forwarded, proxies, socket, expected) => {
    expect(of(forwarded, proxies, socket)).toBe(expected);
  });
});
