import { once } from "node:events";
import { type Server, createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";

import { type Owner, type TurnEvent, decodeFrames } from "@chatkeep/protocol";
import { type ChatkeepOptions, createChatkeep, createLog, createNodeHandler } from "@chatkeep/server";
import { UNHURRIED, createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { expect, onTestFinished, test } from "vitest";

const database = await fileDatabase();

/** A mount on the URL of the database, below `/assistant` of a plain HTTP server, and its script. */
async function mounted(options: Partial<ChatkeepOptions> = {}) {
  const script = createScriptedResponder();
  const chatkeep = createChatkeep({
    database: database.url,
    ...UNHURRIED.history,
    basePath: "/assistant",
    log: createLog({ level: "fatal" }),
    authenticate: (request): Owner => ({ kind: "user", id: request.headers.get("x-user") ?? "ada" }),
    responder: script.responder,
    ...options,
  });
  const server: Server = createServer(createNodeHandler(chatkeep));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await chatkeep.close();
  });
  const { port } = server.address() as AddressInfo;
  const send = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/assistant/api/conversations${path}`, {
      ...init,
      headers: { "content-type": "application/json", ...(init.headers as Record<string, string>) },
    });
  const post = (path: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
    send(path, { method: "POST", body: JSON.stringify(body), headers });
  /** A conversation in which a question was asked, its stream, and the run that answers it. */
  const ask = async () => {
    const { id } = (await (await post("", {})).json()) as { id: string };
    const response = await post(`/${id}/turns`, { content: "Why?" }, { accept: "text/event-stream" });
    expect(response.status).toBe(200);
    return { id, response };
  };
  return { chatkeep, script, port, send, post, ask };
}

const eventsOf = (response: Response): Promise<TurnEvent[]> => collect(decodeFrames(response.body!));

test("a mount in a plain server refuses broken bodies and other people's ids, and serves on", async () => {
  const { send, post, port, ask, script } = await mounted();
  const { id, response } = await ask();
  const bodies = [
    "{",
    "[]",
    "null",
    "nul",
    '{"content":7}',
    '{"content":"\\ud800',
    new Uint8Array([0xff, 0xfe]),
  ];
  for (const body of bodies) {
    for (const path of ["", `/${id}/turns`, `/${id}/messages`])
      expect((await send(path, { method: "POST", body })).status, `${path} ${String(body)}`).toBe(400);
  }
  for (const path of ["", "/messages", `/turns/${(await script.started(id)).request.turnId}`])
    expect((await send(`/${id}${path}`, { headers: { "x-user": "eve" } })).status).toBe(403);
  expect((await post(`/${id}/turns`, { content: "Mine?" }, { "x-user": "eve" })).status).toBe(403);

  // A body that ends before its length, and a request that is none.
  for (const text of [
    "POST /assistant/api/conversations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{",
    "POST /assistant/api/conversations HTTP/1.1\r\nhost: a b\r\ncontent-length: 0\r\n\r\n",
    "\u0016\u0003\u0001",
  ]) {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    socket.end(text);
    socket.resume();
    await once(socket, "close");
  }
  await response.body!.cancel();
  expect((await send("")).status).toBe(200);
});

test("a turn goes on when its reader's connection is cut, and another reader resumes", async () => {
  const { ask, script, send } = await mounted();
  const { id, response } = await ask();
  const run = await script.started(id);
  const reader = response.body!.getReader();
  await run.emit("Half");
  await reader.read();
  await reader.cancel();
  await run.emit(" and half.");
  const resumed = await send(`/${id}/turns/${run.request.turnId}/events`);
  run.finish();
  expect((await eventsOf(resumed)).at(-1)?.chunk).toMatchObject({ type: "finish" });
  expect(run.request.signal.aborted).toBe(false);
});

test("closing settles a running turn, its reader is told, and a later question is refused", async () => {
  const { ask, script, chatkeep, post } = await mounted();
  const { id, response } = await ask();
  const run = await script.started(id);
  await run.emit("Half");
  const [events] = await Promise.all([eventsOf(response), chatkeep.close(), chatkeep.close()]);
  expect(events.at(-1)?.chunk).toMatchObject({ type: "error" });
  const { rows } = await database.pool.query("select status from chatkeep.turns where conversation_id = $1", [
    id,
  ]);
  expect(rows).toEqual([{ status: "interrupted" }]);
  expect((await post(`/${id}/turns`, { content: "And?" })).status).toBeGreaterThanOrEqual(500);
});

test("a mount that closes leaves the stream of another mount on its URL alone", async () => {
  const [one, other] = [await mounted(), await mounted()];
  const mine = await one.ask();
  const theirs = await other.ask();
  await (await one.script.started(mine.id)).emit("Half");
  const run = await other.script.started(theirs.id);
  await run.emit("Whole");
  const followed = await other.send(`/${mine.id}/turns/${await turnOf(other, mine.id)}/events`);
  await one.chatkeep.close();
  expect((await eventsOf(followed)).at(-1)?.chunk).toMatchObject({ type: "error" });
  await run.emit(".");
  run.finish();
  expect((await eventsOf(theirs.response)).at(-1)?.chunk).toMatchObject({ type: "finish" });
  expect((await other.send("")).status).toBe(200);
});

async function turnOf({ chatkeep }: Awaited<ReturnType<typeof mounted>>, id: string): Promise<string> {
  const { messages } = await chatkeep.history.listMessages({ kind: "user", id: "ada" }, id);
  return messages[0]!.turnId!;
}

test.each([0, -1, 1])(
  "a time limit of %i ms settles a turn, and the next one can be asked",
  async (deadline) => {
    const { ask, script } = await mounted({ deadline });
    for (const { id, response } of [await ask(), await ask()]) {
      expect((await eventsOf(response)).at(-1)?.chunk).toMatchObject({
        type: "error",
        errorText: expect.stringContaining("time limit"),
      });
      expect(script.calls(id)).toBeLessThanOrEqual(1);
    }
  },
);

test.each([{ basePath: "chat/" }, { deadline: Number.POSITIVE_INFINITY }])(
  "a mount that is refused keeps no share of the pool: %o",
  async (options) => {
    await expect(mounted(options)).rejects.toThrow(TypeError);
    const { chatkeep } = await mounted();
    await chatkeep.close();
    await expect(chatkeep.history.listConversations({ kind: "user", id: "ada" })).rejects.toMatchObject({
      cause: { message: expect.stringContaining("after calling end") },
    });
  },
);

test.each(["", "/assistant"])(
  "a mount below %j gives the host's login the host's own request",
  async (basePath) => {
    const given: Request[] = [];
    const { chatkeep } = await mounted({
      basePath,
      authenticate(request) {
        given.push(request);
        return { kind: "user", id: "ada" };
      },
    });
    const request = new Request(`http://host.example${basePath}/api/conversations/`);
    expect((await chatkeep.fetch(request)).status).toBe(200);
    expect(given[0]).toBe(request);
  },
);

test.each(["", "/assistant"])(
  "a body that the host has read is refused by a mount below %j",
  async (basePath) => {
    const { chatkeep } = await mounted({ basePath });
    const request = new Request(`http://host.example${basePath}/api/conversations`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    await request.text();
    expect((await chatkeep.fetch(request)).status).toBe(400);
  },
);

test("a fallback below a path gets the address below it, and no address from outside", async () => {
  const given: string[] = [];
  const { chatkeep } = await mounted({
    fallback(request) {
      given.push(request.url);
      return Promise.resolve(undefined);
    },
  });
  for (const path of ["/assistant/a%20b/?c=d", "/assistant", "/assistants", "/", "/%20"])
    expect((await chatkeep.fetch(new Request(`http://host.example${path}`))).status).toBe(404);
  expect(given).toEqual(["http://host.example/a%20b/?c=d", "http://host.example/"]);
});
