import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  type Owner,
  type TurnEvent,
  type WireConversation,
  ChatkeepError,
  DONE_FRAME,
  STREAM_HEADERS,
  conversationToWire,
  createClient,
  emptyConversation,
  encodeFrame,
  problemToWire,
} from "../src/index.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

let handle: Handler = () => undefined;
const server = createServer((request, response) => void handle(request, response));
let baseUrl = "";
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

const SESSION: Owner = { kind: "session", id: "0f8fad5b-d9cb-469f-a165-70867728950e" };
const CONVERSATION = emptyConversation("c1", "2026-11-20T09:00:00.000Z");
const WIRE: WireConversation = conversationToWire(CONVERSATION);
const START: TurnEvent = {
  seq: 1,
  chunk: {
    type: "start",
    messageId: "m2",
    messageMetadata: {
      turn_id: "t1",
      conversation_id: "c1",
      message_id: "m1",
      persisted: true,
      created_at: "2026-11-20T09:00:00.000Z",
    },
  },
};
const DELTA: TurnEvent = { seq: 2, chunk: { type: "text-delta", id: "1", delta: "Hello" } };

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function collect(events: AsyncIterable<TurnEvent>): Promise<TurnEvent[]> {
  const all: TurnEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** The error that `work` ends with. */
async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("requests of the client", () => {
  it("prove a session by a header and never name it in the URL or the body", async () => {
    const seen = Promise.withResolvers<{ url: string; header: unknown; body: string }>();
    handle = async (request, response) => {
      const header = request.headers["x-session-id"];
      seen.resolve({ url: request.url ?? "", header, body: await text(request) });
      json(response, WIRE, 201);
    };
    const init = { scope: "intro", scopeLabel: "Introduction" };
    const { created, conversation } = await createClient({ baseUrl }).createConversation(SESSION, init);
    const { url, header, body } = await seen.promise;
    expect({ created, conversation }).toEqual({ created: true, conversation: CONVERSATION });
    expect(header).toBe(SESSION.id);
    expect(url).toBe("/api/conversations");
    expect(JSON.parse(body)).toEqual({ scope: "intro", scope_label: "Introduction" });
  });

  it("ask for credentials each time, so that a token can be renewed", async () => {
    const tokens: unknown[] = [];
    handle = (request, response) => {
      tokens.push(request.headers.authorization);
      json(response, WIRE);
    };
    let count = 0;
    const client = createClient({
      baseUrl: `${baseUrl}/`,
      credentials: () => Promise.resolve({ authorization: `Bearer ${++count}` }),
    });
    await client.getConversation({ kind: "user", id: "ada" }, "c1");
    await client.getConversation({ kind: "user", id: "ada" }, "c1");
    expect(tokens).toEqual(["Bearer 1", "Bearer 2"]);
  });

  it("say in a sentence that a user needs credentials", async () => {
    const error = await errorOf(createClient({ baseUrl }).getConversation({ kind: "user", id: "ada" }, "c1"));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).toContain("credentials");
  });

  it("leave every printable character of an id as it is", async () => {
    const id = "a/b?c#d%20e&f=g+h'(i)\"<j>\\";
    handle = (request, response) => {
      const path = (request.url ?? "").slice("/api/conversations/".length);
      json(response, { ...WIRE, id: decodeURIComponent(path) });
    };
    expect((await createClient({ baseUrl }).getConversation(SESSION, id)).id).toBe(id);
  });

  it.each(["", ".", "..", "a b", "a\u0000", "\ud800", "é", "x".repeat(129)])(
    "refuse the id %j, which no conversation can have, without asking",
    async (id) => {
      let asked = 0;
      handle = (_request, response) => {
        asked++;
        json(response, WIRE);
      };
      const client = createClient({ baseUrl });
      const calls = [
        () => client.getConversation(SESSION, id),
        () => client.deleteConversation(SESSION, id),
        () => client.listMessages(SESSION, id),
        () => client.getTurn(SESSION, "c1", id),
        () => collect(client.followTurn(SESSION, "c1", id)),
      ];
      for (const call of calls) expect(await errorOf(call())).toMatchObject({ code: "invalid_request" });
      expect(asked).toBe(0);
    },
  );
});

describe("errors of the client", () => {
  it("are those that the server raised", async () => {
    const raised = new ChatkeepError("turn_in_progress", "An answer is being given.", { turnId: "t1" });
    handle = (_request, response) => json(response, problemToWire(raised, "req-1"), 409);
    const error = await errorOf(createClient({ baseUrl }).startTurn(SESSION, "c1", { content: "Hello" }));
    expect(error).toBeInstanceOf(ChatkeepError);
    expect(error).toMatchObject({ code: "turn_in_progress", turnId: "t1", message: raised.message });
  });

  it("say unavailable when a proxy answers in the server's place", async () => {
    handle = (_request, response) => response.writeHead(502).end("<html>Bad gateway</html>");
    expect(await errorOf(createClient({ baseUrl }).listConversations(SESSION))).toMatchObject({
      name: "ChatkeepError",
      code: "unavailable",
    });
  });

  it("say unavailable when nobody listens", async () => {
    const client = createClient({ baseUrl: "http://127.0.0.1:1" });
    expect(await errorOf(client.getConversation(SESSION, "c1"))).toMatchObject({ code: "unavailable" });
  });

  it("say unavailable when an answer is cut off, whatever was asked", async () => {
    handle = (_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      response.write('{"id":', () => response.destroy());
    };
    const client = createClient({ baseUrl });
    const calls = [
      () => client.createConversation(SESSION, {}),
      () => client.getConversation(SESSION, "c1"),
      () => client.listConversations(SESSION),
      () => client.listMessages(SESSION, "c1"),
      () => client.clearMessages(SESSION, "c1"),
      () => client.getTurn(SESSION, "c1", "t1"),
    ];
    for (const call of calls) expect(await errorOf(call())).toMatchObject({ code: "unavailable" });
  });

  it("say unavailable when a stream breaks, after the events before", async () => {
    handle = (_request, response) => {
      response.writeHead(200, STREAM_HEADERS);
      response.write(encodeFrame(START) + encodeFrame(DELTA), () => response.destroy());
    };
    const client = createClient({ baseUrl });
    const got: TurnEvent[] = [];
    const error = await errorOf(
      (async () => {
        for await (const event of client.followTurn(SESSION, "c1", "t1")) got.push(event);
      })(),
    );
    expect(got).toEqual([START, DELTA]);
    expect(error).toMatchObject({ name: "ChatkeepError", code: "unavailable" });
  });

  it("say unavailable when a turn's stream does not begin with its start", async () => {
    handle = (_request, response) =>
      response.writeHead(200, STREAM_HEADERS).end(encodeFrame(DELTA) + DONE_FRAME);
    const error = await errorOf(createClient({ baseUrl }).startTurn(SESSION, "c1", { content: "Hello" }));
    expect(error).toMatchObject({ code: "unavailable" });
  });
});

describe("streams of the client", () => {
  it("resume after the last event seen", async () => {
    const asked: unknown[] = [];
    const later = { ...DELTA, attempt: 2 };
    handle = ({ headers, url }, response) => {
      asked.push([headers["last-event-id"], url?.split("?")[1]]);
      response.writeHead(200, STREAM_HEADERS).end(encodeFrame(later) + DONE_FRAME);
    };
    const client = createClient({ baseUrl });
    for (const after of [1, { seq: 1 }, { seq: 12, attempt: 2 }])
      expect(await collect(client.followTurn(SESSION, "c1", "t1", { after }))).toEqual([later]);
    expect(asked).toEqual([
      [undefined, "after=1"],
      ["1", undefined],
      ["12.2", undefined],
    ]);
  });

  it("tell of the turn in their first frame and give every event from it on", async () => {
    handle = (_request, response) =>
      response.writeHead(200, STREAM_HEADERS).end(encodeFrame(START) + encodeFrame(DELTA) + DONE_FRAME);
    const { turn, events } = await createClient({ baseUrl }).startTurn(SESSION, "c1", { content: "Hello" });
    expect(turn).toEqual({
      id: "t1",
      conversationId: "c1",
      status: "running",
      messageId: "m1",
      replyId: "m2",
      persisted: true,
      error: null,
      createdAt: "2026-11-20T09:00:00.000Z",
      settledAt: null,
    });
    expect(await collect(events)).toEqual([START, DELTA]);
  });

  it.each([1, 2])("close the connection of a reader that leaves after event %i", async (leaveAfter) => {
    const left = Promise.withResolvers<void>();
    handle = (_request, response) => {
      response.once("close", () => left.resolve());
      response.writeHead(200, STREAM_HEADERS);
      response.write(encodeFrame(START) + encodeFrame(DELTA));
    };
    const { events } = await createClient({ baseUrl }).startTurn(SESSION, "c1", { content: "Hello" });
    for await (const event of events) if (event.seq === leaveAfter) break;
    await expect(left.promise).resolves.toBeUndefined();
  });

  it("end when their signal is aborted", async () => {
    handle = (_request, response) => {
      response.writeHead(200, STREAM_HEADERS);
      response.write(encodeFrame(START));
    };
    const leaving = new AbortController();
    const { signal } = leaving;
    const client = createClient({ baseUrl });
    const seen: TurnEvent[] = [];
    for await (const event of client.followTurn(SESSION, "c1", "t1", { signal })) {
      seen.push(event);
      leaving.abort();
    }
    expect(seen).toEqual([START]);
    expect(await collect(client.followTurn(SESSION, "c1", "t1", { signal }))).toEqual([]);
  });
});
