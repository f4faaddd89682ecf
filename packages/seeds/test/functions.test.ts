import { createHistory } from "@chatkeep/core";
import { createSeedFunctions } from "@chatkeep/seeds";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { afterAll, describe, expect, it } from "vitest";

const database = await fileDatabase();
const history = createHistory({ pool: database.pool, ...UNHURRIED.history });
const seeds = createSeedFunctions(history);
afterAll(() => history.close());

describe("the functions that the seeds call", () => {
  it("keep a history per chapter of an anonymous session", async () => {
    const owner = seeds.createSession();
    const citation = {
      path: "docs/intro.md",
      chapter: "Introduction",
      section: "What it is",
      anchor: null,
      quote: null,
      score: 0.92,
      url: null,
    };
    await seeds.saveMessage(owner, "Introduction", "user", "What is it?");
    await seeds.saveMessage(owner, "Introduction", "assistant", "A book.", [citation]);
    await seeds.saveMessage(owner, "Sensors", "user", "And sensors?");

    const intro = await seeds.getHistory(owner, { chapter: "Introduction" });
    expect(intro.total).toBe(2);
    expect(intro.messages.map(({ content }) => content)).toEqual(["What is it?", "A book."]);
    expect(intro.messages[1]!.citations).toEqual([citation]);

    const all = await seeds.getHistory(owner);
    expect(all.total).toBe(3);
    expect(all.messages.map(({ content }) => content)).toEqual(["What is it?", "A book.", "And sensors?"]);
    const window = await seeds.getHistory(owner, { limit: 1, offset: 1 });
    expect(window.messages.map(({ content }) => content)).toEqual(["A book."]);

    expect(await seeds.clearHistory(owner, "Introduction")).toEqual({ deleted: 2 });
    expect((await seeds.getHistory(owner)).messages.map(({ content }) => content)).toEqual(["And sensors?"]);
    expect(await seeds.clearHistory(owner)).toEqual({ deleted: 1 });
  });

  it("read no more messages than they return, however many are skipped", async () => {
    let read = 0;
    const counted = createSeedFunctions({
      ...history,
      async listMessages(...query) {
        const page = await history.listMessages(...query);
        read += page.messages.length;
        return page;
      },
    });
    const owner = seeds.createSession();
    for (const scope of ["Introduction", "Sensors"]) {
      const { conversation } = await history.createConversation(owner, { scope });
      const messages = Array.from({ length: 120 }, (_, index) => ({
        role: "user" as const,
        content: `${scope} ${index}`,
      }));
      await history.appendMessages(owner, conversation.id, messages);
    }
    const { messages, total } = await counted.getHistory(owner, { limit: 3, offset: 130 });
    expect(messages.map(({ content }) => content)).toEqual([107, 108, 109].map((n) => `Introduction ${n}`));
    expect({ total, read }).toEqual({ total: 240, read: 3 });
  });

  it("take a session id back, and no other string", () => {
    const owner = seeds.createSession();
    expect(seeds.getOrCreateSession(owner.id)).toEqual(owner);
    expect(seeds.getOrCreateSession().kind).toBe("session");
    expect(() => seeds.getOrCreateSession("1")).toThrow("UUID v4");
  });

  it("give the latest messages as context, all when there are fewer, and no half of a tool's call", async () => {
    const owner = { kind: "user", id: "contextual" } as const;
    const { id } = await seeds.getOrCreateConversation(owner);
    await seeds.addMessage(owner, id, "user", "first");
    await seeds.addMessage(owner, id, "assistant", "", [
      { id: "call_1", type: "function", function: { name: "add", arguments: "{" } },
    ]);
    await history.appendMessages(owner, id, [{ role: "tool", toolCallId: "call_1", content: "done" }]);
    await seeds.addMessage(owner, id, "user", "second");
    await seeds.addMessage(owner, id, "assistant", "answer");

    const all = await seeds.getContextualHistory(owner, id, { limit: 100 });
    expect(all.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    const cut = await seeds.getContextualHistory(owner, id, { limit: 3 });
    expect(cut.map(({ seq }) => seq)).toEqual([4, 5]);
  });

  it("keep a user's conversations with their tool calls", async () => {
    const owner = { kind: "user", id: "ada" } as const;
    const conversation = await seeds.getOrCreateConversation(owner);
    expect((await seeds.getOrCreateConversation(owner)).id).toBe(conversation.id);
    expect((await seeds.getOrCreateConversation(owner, conversation.id)).id).toBe(conversation.id);
    const call = {
      id: "c",
      type: "function",
      function: { name: "create_todo", arguments: '{"title": "milk"}' },
    };
    await seeds.addMessage(owner, conversation.id, "user", "buy milk");
    await seeds.addMessage(owner, conversation.id, "assistant", "", call);
    const messages = await seeds.getChatHistory(owner, conversation.id);
    expect(messages.map(({ role, toolCalls }) => [role, toolCalls])).toEqual([
      ["user", null],
      ["assistant", call],
    ]);
    expect((await seeds.listConversations(owner)).map(({ id }) => id)).toEqual([conversation.id]);
  });
});
