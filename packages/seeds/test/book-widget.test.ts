import { randomUUID } from "node:crypto";

import { startApiServer } from "@chatkeep/testing/people";
import { describe, expect, it } from "vitest";

const { send, refused, history, session } = await startApiServer({
  async *answers() {
    yield "That it ";
    yield "is a book.";
  },
});

/** The recorded request of seed 1's widget. */
const RECORDED = {
  session_id: null as string | null,
  message: "What does this mean?",
  context_mode: "full_book",
  selected_text: null as string | null,
};

function ask(body: typeof RECORDED): Promise<Response> {
  return send("/api/chat", { method: "POST", body });
}

describe("the API of a book widget", () => {
  it("answers in the seed's shape, with the latest window", async () => {
    const id = session();
    const response = await ask({ ...RECORDED, session_id: id });
    const message = {
      id: expect.any(String) as string,
      session_id: id,
      created_at: expect.any(String) as string,
      context_text: null,
      metadata: null,
    };
    expect(await response.json()).toEqual({
      session_id: id,
      response: "That it is a book.",
      history: [
        { ...message, role: "user", content: "What does this mean?" },
        { ...message, role: "assistant", content: "That it is a book." },
      ],
      has_more: false,
      conversation_id: expect.any(String) as string,
      persisted: true,
    });
  });

  it("keeps the selected text with the question and shows it again", async () => {
    const id = session();
    const response = await ask({
      ...RECORDED,
      session_id: id,
      selected_text: "a <b>book</b>",
      context_mode: "selected_text",
    });
    const { history: shown } = (await response.json()) as { history: Record<string, unknown>[] };
    expect(shown[0]).toMatchObject({
      context_text: "a <b>book</b>",
      metadata: { context_mode: "selected_text" },
    });
    const again = await ask({ ...RECORDED, session_id: id });
    const page = (await again.json()) as { history: Record<string, unknown>[] };
    expect(page.history).toHaveLength(4);
    expect(page.history[0]).toEqual(shown[0]);
  });

  it("shows the newest messages of a long thread, and that there are more", async () => {
    const id = session();
    const owner = { kind: "session", id } as const;
    const { conversation } = await history.createConversation(owner);
    const inputs = Array.from({ length: 60 }, (_, index) => ({
      role: "user" as const,
      content: `m${index}`,
    }));
    await history.appendMessages(owner, conversation.id, inputs);
    const response = await ask({ ...RECORDED, session_id: id });
    const page = (await response.json()) as { history: { content: string }[]; has_more: boolean };
    expect(page.has_more).toBe(true);
    expect(page.history).toHaveLength(50);
    expect(page.history.at(-1)?.content).toBe("That it is a book.");
  });

  it("makes a session where there is none", async () => {
    const body = (await (await ask(RECORDED)).json()) as { session_id: string };
    expect(body.session_id).toMatch(/^[0-9a-f-]{36}$/);
    const again = await ask({ ...RECORDED, session_id: body.session_id });
    expect(await again.json()).toMatchObject({ session_id: body.session_id, history: { length: 4 } });
  });

  it("refuses a malformed session, two that differ, and blank text", async () => {
    const send1 = (body: object, id: string | null = null) =>
      refused("/api/chat", { method: "POST", body: { ...RECORDED, ...body }, session: id });
    expect(await send1({ session_id: "42" })).toMatchObject({ status: 400, pointer: "session_id" });
    expect(await send1({ session_id: session() }, randomUUID())).toMatchObject({ status: 400 });
    expect(await send1({ session_id: session(), message: "  " })).toMatchObject({ status: 400 });
    expect(await send1({ session_id: session(), message: 7 })).toMatchObject({ status: 400 });
  });
});
