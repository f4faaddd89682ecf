import { randomUUID } from "node:crypto";

import type { Citation, Responder } from "@chatkeep/protocol";
import { seedApis } from "@chatkeep/seeds";
import { framesOf, startApiServer } from "@chatkeep/testing/people";
import { describe, expect, it } from "vitest";

const CITATION: Citation = {
  path: "docs/intro.md",
  chapter: "Introduction",
  section: "What it is",
  anchor: "what-it-is",
  quote: "A book.",
  score: 0.92,
  url: null,
};

let calls = 0;
const responder: Responder = async function* ({ question }) {
  calls += 1;
  yield { type: "citation", citation: CITATION };
  yield "It is ";
  if (question.content === "fail") throw new Error("the model is gone");
  yield "a book.";
};
const { send, refused, session } = await startApiServer({
  answers: responder,
  apis: [seedApis({ responder })],
});

/** The recorded request of seed 0's widget. */
const RECORDED = {
  question: "What is it?",
  filters: { chapter: "Introduction", section: null },
  stream: false,
};

function ask(id: string, body: object, path = "/chat/agent"): Promise<Response> {
  return send(path, { method: "POST", body, session: id });
}

describe("the API of a book's assistant", () => {
  it.each(["/chat/agent", "/chat"])("answers %s in the seed's shape", async (path) => {
    const id = session();
    const response = await ask(id, RECORDED, path);
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const body = (await response.json()) as Record<string, unknown>;
    expect(body).toEqual({
      answer: "It is a book.",
      citations: [CITATION],
      stream: false,
      session_id: id,
      conversation_id: expect.any(String) as string,
      message_id: expect.any(String) as string,
      persisted: true,
    });
  });

  it("streams metadata, tokens and done", async () => {
    const id = session();
    const response = await ask(id, { ...RECORDED, stream: true });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const frames = framesOf(await response.text());
    const tokens = frames.slice(1, -1);
    expect(frames[0]).toEqual([
      "metadata",
      {
        citations: [CITATION],
        stream: true,
        session_id: id,
        conversation_id: expect.any(String) as string,
        message_id: expect.any(String) as string,
        persisted: true,
      },
    ]);
    expect(new Set(tokens.map(([event]) => event))).toEqual(new Set(["token"]));
    expect(tokens.map(([, data]) => (data as { text: string }).text).join("")).toBe("It is a book.");
    expect(frames.at(-1)).toEqual(["done", { duration_ms: expect.any(Number) as number }]);
  });

  it("says in the stream when the answer fails, and keeps what was said", async () => {
    const id = session();
    const response = await ask(id, { ...RECORDED, question: "fail", stream: true });
    const frames = framesOf(await response.text());
    expect(frames.map(([event]) => event)).toEqual(["metadata", "token", "error"]);
    expect(frames[2]?.[1]).toEqual({ message: expect.stringMatching(/\w/) as string });
    const read = await send("/chat/history?chapter=Introduction", { session: id });
    expect(await read.json()).toMatchObject({
      messages: [{ role: "user" }, { content: "It is " }],
      total: 2,
    });
  });

  it("keeps a history per chapter, merges them, and clears one or all", async () => {
    const id = session();
    await ask(id, RECORDED);
    await ask(id, { question: "And sensors?", filters: { chapter: "Sensors" } });
    await ask(id, { question: "And all of it?" });

    const chapter = await send("/chat/history?chapter=Introduction&limit=100&offset=0", { session: id });
    expect(await chapter.json()).toEqual({
      session_id: id,
      chapter: "Introduction",
      messages: [
        {
          id: expect.any(String) as string,
          role: "user",
          content: "What is it?",
          citations: null,
          created_at: expect.any(String) as string,
        },
        {
          id: expect.any(String) as string,
          role: "assistant",
          content: "It is a book.",
          citations: [CITATION],
          created_at: expect.any(String) as string,
        },
      ],
      total: 2,
    });
    const contents = async (query: string): Promise<unknown> => {
      const response = await send(`/chat/history${query}`, { session: id });
      const page = (await response.json()) as { messages: { content: string }[]; total: number };
      return [page.messages.filter((_, index) => index % 2 === 0).map(({ content }) => content), page.total];
    };
    expect(await contents("")).toEqual([["What is it?", "And sensors?", "And all of it?"], 6]);
    expect(await contents("?limit=2&offset=2")).toEqual([["And sensors?"], 6]);

    const one = await send("/chat/history?chapter=Sensors", { method: "DELETE", session: id });
    expect(await one.json()).toEqual({ deleted: 2, message: "Chat history cleared successfully" });
    expect(await contents("")).toEqual([["What is it?", "And all of it?"], 4]);
    const rest = await send("/chat/history", { method: "DELETE", session: id });
    expect(await rest.json()).toMatchObject({ deleted: 4 });
  });

  it("takes the session from the query too, and refuses two that differ", async () => {
    const id = session();
    await ask(id, RECORDED);
    const read = await send(`/chat/history?session_id=${id}`);
    expect(await read.json()).toMatchObject({ session_id: id, total: 2 });
    const both = await send(`/chat/history?session_id=${id.toUpperCase()}`, { session: id });
    expect(both.status).toBe(200);
    const path = `/chat/history?session_id=${randomUUID()}`;
    expect(await refused(path, { session: id })).toMatchObject({ status: 400, pointer: "session_id" });
    expect(await refused("/chat/history?session_id=1")).toMatchObject({ status: 400, pointer: "session_id" });
    expect(await refused("/chat/history")).toMatchObject({ status: 401 });
    expect(await refused(`/chat/history?session_id=${id}&limit=1001`)).toMatchObject({ pointer: "limit" });
    expect(await refused("/chat/agent", { method: "POST", body: RECORDED, session: "1" })).toMatchObject({
      status: 400,
    });
  });

  it("answers who carries nothing, keeps nothing of it, and says so", async () => {
    const whole = await send("/chat", { method: "POST", body: RECORDED });
    expect(await whole.json()).toMatchObject({
      answer: "It is a book.",
      citations: [CITATION],
      session_id: null,
      persisted: false,
    });
    const streamed = await send("/chat", { method: "POST", body: { ...RECORDED, stream: true } });
    const frames = framesOf(await streamed.text());
    expect(frames.at(-1)?.[0]).toBe("done");
    expect(frames[0]?.[1]).toMatchObject({ persisted: false });
    const invalid = { method: "POST", body: RECORDED, headers: { authorization: "Bearer nonsense" } };
    expect(await refused("/chat", invalid)).toMatchObject({ status: 401 });
    expect(await refused("/chat", { method: "POST", body: { question: " " } })).toMatchObject({
      status: 400,
    });
  });

  it("refuses blank and over-long questions, and stores nothing of them", async () => {
    const id = session();
    for (const question of ["", " \n", "x".repeat(10_001)]) {
      const problem = await refused("/chat", { method: "POST", body: { question }, session: id });
      expect(problem.status).toBe(400);
    }
    expect(await (await send("/chat/history", { session: id })).json()).toMatchObject({ total: 0 });
  });

  it("asks once when a question is sent again under its Idempotency-Key", async () => {
    const id = session();
    const headers = { "idempotency-key": "q-1" };
    const before = calls;
    const first = await send("/chat", { method: "POST", body: RECORDED, session: id, headers });
    const second = await send("/chat", { method: "POST", body: RECORDED, session: id, headers });
    expect(await second.json()).toEqual(await first.json());
    expect(calls).toBe(before + 1);
  });

  it("tells whether histories can be kept", async () => {
    const response = await send("/chat/history/status");
    expect(await response.json()).toEqual({ available: true, message: "Chat history is available" });
  });
});
