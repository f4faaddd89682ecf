import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { createPool } from "@chatkeep/core";
import {
  type Chatkeep,
  type HostTurn,
  authenticateSession,
  createChatkeep,
  createLog,
  createNodeHandler,
} from "@chatkeep/server";
import { type ModelReply, UNHURRIED, fileDatabase, startModel } from "@chatkeep/testing";
import { type UIMessage, streamText } from "ai7";
import express from "express";
import { afterAll, expect, onTestFinished, test } from "vitest";

const database = await fileDatabase();
const pool = createPool(database.url, UNHURRIED.pool);
const chatkeep: Chatkeep = createChatkeep({
  pool,
  ...UNHURRIED.history,
  log: createLog({ level: "fatal" }),
  authenticate: authenticateSession,
});
afterAll(async () => {
  await chatkeep.close();
  await pool.end();
});

/** A route that keeps its own `streamText` call, and the model that it calls. */
async function openRoute(reply?: (index: number) => ModelReply | Promise<ModelReply>) {
  const model = await startModel(
    reply === undefined ? {} : { reply: ({ index }) => reply(index) as ModelReply },
  );
  onTestFinished(() => model.close());
  const call = (turn: HostTurn) =>
    streamText({
      model: createOpenAICompatible({ name: "fake", baseURL: model.url })("fake"),
      maxRetries: 0,
      messages: turn.messages,
      onError: () => undefined,
    });
  const route = async (request: Request): Promise<Response> => {
    const turn = await chatkeep.turn(request);
    return turn.respond(call(turn));
  };
  return { model, call, route };
}

interface Chat {
  readonly session: string;
  readonly id: string;
}
const newChat = (): Chat => ({ session: randomUUID(), id: randomUUID() });

function ask(
  { session, id }: Chat,
  text: string,
  messageId: string = randomUUID(),
  signal?: AbortSignal,
): Request {
  const message: UIMessage = { id: messageId, role: "user", parts: [{ type: "text", text }] };
  return new Request("http://host.example/chat", {
    method: "POST",
    headers: { "content-type": "application/json", "x-session-id": session },
    body: JSON.stringify({ id, messages: [message] }),
    ...(signal === undefined ? {} : { signal }),
  });
}

const stored = async ({ session, id }: Chat) =>
  (await chatkeep.history.listMessages({ kind: "session", id: session }, id)).messages;

test("a question to such a route is not queued while an answer is given: the route would be gone", async () => {
  const chat = newChat();
  const { route } = await openRoute();
  using turn = await chatkeep.turn(ask(chat, "First?"));
  const { headers } = ask(chat, "");
  const question = { id: "q2", role: "user", parts: [{ type: "text", text: "Second?" }] };
  const body = JSON.stringify({ id: chat.id, messages: [question], when_busy: "queue" });
  const refused = await route(new Request("http://host.example/chat", { method: "POST", headers, body }));
  expect(refused.status).toBe(409);
  expect(turn.signal.aborted).toBe(false);
});

test("a route's own streamText call answers with the stored conversation, the question once", async () => {
  const chat = newChat();
  const { model, route } = await openRoute((index) => ({ steps: [`Answer ${index}.`] }));
  await (await route(ask(chat, "First?"))).text();
  const shown = await (await route(ask(chat, "Second?"))).text();
  expect(shown).toContain("Answer 1.");
  expect(model.requests[1]?.body.messages).toEqual([
    { role: "user", content: "First?" },
    { role: "assistant", content: "Answer 0." },
    { role: "user", content: "Second?" },
  ]);
  expect((await stored(chat)).map(({ content, status }) => [content, status])).toEqual([
    ["First?", "complete"],
    ["Answer 0.", "complete"],
    ["Second?", "complete"],
    ["Answer 1.", "complete"],
  ]);
});

test("the question is stored before the route calls the model", async () => {
  const chat = newChat();
  const { call } = await openRoute();
  const turn = await chatkeep.turn(ask(chat, "Kept?"));
  const { rows } = await database.pool.query(
    "select 1 from chatkeep.messages where parts::text like '%Kept?%'",
  );
  expect(rows).toHaveLength(1);
  await (await turn.respond(call(turn))).text();
});

test("a retry calls no model, whether the route calls it in a function or not", async () => {
  const chat = newChat();
  const { model, route, call } = await openRoute(() => ({ steps: ["Once."] }));
  const id = randomUUID();
  await (await route(ask(chat, "Again?", id))).text();
  expect(await (await route(ask(chat, "Again?", id))).text()).toContain("Once.");
  const turn = await chatkeep.turn(ask(chat, "Again?", id));
  expect(turn.request).toBe(null);
  expect(await (await turn.respond(() => call(turn))).text()).toContain("Once.");
  expect(model.requests).toHaveLength(1);
  expect(await stored(chat)).toHaveLength(2);
});

test("a reader who leaves stops nothing", async () => {
  const chat = newChat();
  const going = Promise.withResolvers<void>();
  const { route } = await openRoute(() => ({
    steps: (async function* () {
      yield "Half ";
      await going.promise;
      yield "and all.";
    })(),
  }));
  const leaving = new AbortController();
  const response = await route(ask(chat, "Long?", randomUUID(), leaving.signal));
  await response.body?.getReader().read();
  leaving.abort();
  going.resolve();
  await expect.poll(async () => (await stored(chat)).at(-1)?.status).toBe("complete");
  expect((await stored(chat)).at(-1)?.content).toBe("Half and all.");
});

test("stopping the turn aborts its signal and keeps the text", async () => {
  const chat = newChat();
  const { model } = await openRoute(() => ({ steps: ["Half ", { type: "hang" }] }));
  const turn = await chatkeep.turn(ask(chat, "Stop?"));
  const response = await turn.respond((request) =>
    streamText({
      model: createOpenAICompatible({ name: "fake", baseURL: model.url })("fake"),
      messages: turn.messages,
      abortSignal: request.signal,
    }),
  );
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; !text.includes("Half");) text += (await reader.read()).value ?? "";
  const owner = { kind: "session", id: chat.session } as const;
  await chatkeep.history.stopTurn(owner, chat.id, turn.request!.turnId);
  expect(turn.signal.aborted).toBe(true);
  expect(await model.requests[0]?.ended).toBe("aborted");
  expect((await stored(chat)).at(-1)).toMatchObject({ status: "stopped", content: "Half " });
});

test("a refused request is answered with its error, and calls no model", async () => {
  const { model, route } = await openRoute();
  const nobody = ask(newChat(), "Who?");
  nobody.headers.delete("x-session-id");
  expect((await route(nobody)).status).toBe(401);
  expect((await route(ask(newChat(), " "))).status).toBe(400);
  expect(model.requests).toHaveLength(0);
});

test("a route that fails before it responds fails the turn at once", async () => {
  const chat = newChat();
  const route = async (): Promise<void> => {
    using turn = await chatkeep.turn(ask(chat, "Broken?"));
    throw new Error(`of the host ${turn.messages.length}`);
  };
  await expect(route()).rejects.toThrow("of the host 1");
  await expect.poll(async () => (await stored(chat)).at(-1)?.status).toBe("failed");
  const { route: next } = await openRoute(() => ({ steps: ["Mended."] }));
  expect(await (await next(ask(chat, "And now?"))).text()).toContain("Mended.");
});

test("a second response to a turn is refused, and the first stands", async () => {
  const chat = newChat();
  const { call } = await openRoute(() => ({ steps: ["First."] }));
  const turn = await chatkeep.turn(ask(chat, "Twice?"));
  const response = turn.respond(call(turn));
  await expect(turn.respond(Promise.reject(new Error("of the host")))).rejects.toThrow(TypeError);
  expect(await (await response).text()).toContain("First.");
  expect((await stored(chat)).at(-1)).toMatchObject({ status: "complete", content: "First." });
});

test("a turn that an answer asks for in another conversation does not get the answer of its route", async () => {
  const chat = newChat();
  const other = newChat();
  const owner = { kind: "session", id: other.session } as const;
  const turn = await chatkeep.turn(ask(chat, "Outer?"));
  let calls = 0;
  const response = await turn.respond(async function* () {
    calls += 1;
    await chatkeep.history.createConversation(owner, { id: other.id });
    const inner = await chatkeep.history.startTurn(owner, other.id, { content: "Inner?" });
    for await (const _ of inner.events);
    yield "Outer.";
  });
  expect(await response.text()).toContain("Outer.");
  expect(calls).toBe(1);
});

test("Express hands over a request whose body it has read, and another API's route answers", async () => {
  const { call } = await openRoute(() => ({ steps: ["Hello."] }));
  const owner = { kind: "session", id: randomUUID() } as const;
  const { conversation } = await chatkeep.history.createConversation(owner);
  const path = `/api/conversations/${conversation.id}/turns`;
  const app = express().use(express.json());
  app.post(
    "/ask",
    createNodeHandler({
      fetch: async (request, connection) => {
        const turn = await chatkeep.turn(request, { path, ...(connection && { connection }) });
        return turn.respond(call(turn));
      },
    }),
  );
  const server = app.listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/ask`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-session-id": owner.id },
    body: JSON.stringify({ content: "Hi?" }),
  });
  expect(await response.json()).toMatchObject({ message: { content: "Hi?" }, reply: { content: "Hello." } });
});
