import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";

import { type CoreHistory, createHistory, migrate, requireIsolation } from "@chatkeep/core";
import { UNHURRIED, createDatabase, createScriptedResponder } from "@chatkeep/testing";
import { Pool, neon, neonConfig } from "@neondatabase/serverless";
import { afterAll, expect, it, onTestFinished } from "vitest";
import { WebSocket, WebSocketServer, createWebSocketStream } from "ws";

import { newUser } from "./fixture.ts";

// As Neon's own proxy: the bytes of a connection, over a WebSocket that names the server.
const proxy = new WebSocketServer({ host: "127.0.0.1", port: 0 });
proxy.on("connection", (socket, request) => {
  const [host, port] = new URL(request.url!, "ws://proxy").searchParams.get("address")!.split(":");
  const upstream = connect(Number(port), host);
  const stream = createWebSocketStream(socket);
  for (const one of [stream, upstream])
    one.on("error", () => void [stream, upstream].map((o) => o.destroy()));
  stream.pipe(upstream).pipe(stream);
});
await once(proxy, "listening");
afterAll(() => {
  proxy.close();
});

neonConfig.webSocketConstructor = WebSocket;
neonConfig.wsProxy = (host, port) =>
  `127.0.0.1:${(proxy.address() as AddressInfo).port}/v2?address=${host}:${port}`;
// PostgreSQL itself, instead of Neon's proxy: no TLS on the WebSocket, and a password only when it is asked for.
neonConfig.useSecureWebSocket = false;
neonConfig.pipelineConnect = false;

it("Neon's pool over WebSockets migrates, serves turns, shows them live on another node, and maintains", async () => {
  const database = await createDatabase({ contents: "empty" });
  onTestFinished(() => database.close());
  const script = createScriptedResponder();
  const openNode = (): CoreHistory => {
    const pool = new Pool({ connectionString: database.url });
    const node = createHistory({ pool, responder: script.responder, ...UNHURRIED.history });
    onTestFinished(async () => {
      await node.close();
      await pool.end();
    });
    return node;
  };
  const pool = new Pool({ connectionString: database.url, max: 1 });
  expect(await migrate(pool)).toMatchObject({ from: 0, security: "roles" });
  expect(await requireIsolation(pool)).toEqual([]);
  await pool.end();

  const [here, there] = [openNode(), openNode()];
  const owner = newUser();
  const { conversation } = await here.createConversation(owner, { title: "Ünï 🎉", metadata: { n: 1 } });
  await here.appendMessages(owner, conversation.id, [{ role: "user", content: "Hello" }]);
  const { turn } = await here.startTurn(owner, conversation.id, { content: "Count." });
  const run = await script.started(conversation.id);
  const events = there.followTurn(owner, conversation.id, turn.id)[Symbol.asyncIterator]();
  let seen = "";
  const readTo = async (end: string): Promise<void> => {
    while (!seen.endsWith(end)) {
      const { value, done } = await events.next();
      if (done === true) throw new Error(`It ended after "${seen}".`);
      if (value.chunk.type === "text-delta") seen += value.chunk.delta;
    }
  };
  await run.emit("one ");
  await readTo("one ");
  await run.emit("two");
  await readTo("two");
  run.finish();
  while ((await events.next()).done !== true);

  const { messages } = await there.listMessages(owner, conversation.id);
  expect(messages.map(({ content }) => content)).toEqual(["Hello", "Count.", "one two"]);
  const fork = await there.forkConversation(owner, conversation.id, messages[0]!.id);
  expect(fork.title).toBe("Ünï 🎉");
  expect(await there.maintain()).toBeGreaterThanOrEqual(0);
});

it("Neon's function for single queries over HTTP is refused as a pool, with what to pass instead", async () => {
  const sql = neon("postgres://ada:secret@db.example/chats");
  const sentence =
    /^`pool` must be a Pool of pg or of @neondatabase\/serverless\. neon\(\) sends single queries over HTTP/;
  expect(() => createHistory({ pool: sql as never })).toThrow(sentence);
  await expect(migrate(sql as never)).rejects.toThrow(sentence);
});
