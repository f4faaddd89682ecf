import { randomUUID } from "node:crypto";

import { loadUiMessages } from "@chatkeep/protocol";
import { startApiServer } from "@chatkeep/testing/people";
import { describe, expect, it } from "vitest";

import { type Chat, VERSIONS, openChat, partsOf } from "./ai-sdk-chat.ts";

const { script, history, url, session } = await startApiServer();

describe.each(VERSIONS)("a page of ai %s that is loaded while an answer is given", (_, ai) => {
  const open = (id = session(), chat: string = randomUUID(), stored = false): Promise<Chat> =>
    openChat({
      ai,
      url,
      session: id,
      chat,
      history,
      stored,
      sendAutomaticallyWhen: ai.lastAssistantMessageIsCompleteWithToolCalls,
    });
  const reload = (page: Chat): Promise<Chat> => open(page.owner.id, page.id, true);
  const answer = async (page: Chat, question: string, text: string): Promise<void> => {
    const sent = page.chat.sendMessage({ text: question });
    const run = await script.started(page.id);
    await run.emit(text);
    run.finish();
    await sent;
  };
  const isEqual = async (page: Chat): Promise<void> => {
    expect(page.errors).toEqual([]);
    const later = await reload(page);
    expect(partsOf(page.chat)).toEqual(partsOf(later.chat));
    expect(page.chat.messages.map(({ id }) => id)).toEqual(later.chat.messages.map(({ id }) => id));
  };

  it("shows it whole, though it was finished before the page asked for it", async () => {
    const page = await open();
    await answer(page, "one", "1");
    const sent = page.chat.sendMessage({ text: "two" });
    const run = await script.started(page.id);
    await run.emit("Half ");
    const other = await reload(page);
    expect(other.chat.messages).toHaveLength(3);
    await run.emit("and all.");
    run.finish();
    await sent;
    await other.chat.resumeStream();
    expect(other.text()).toBe("Half and all.");
    await isEqual(other);
    // Once.
    await other.chat.resumeStream();
    await isEqual(other);
  });

  it("shows another answer to an old question, though it was finished before the page asked for it", async () => {
    const page = await open();
    await answer(page, "one", "1");
    const again = page.chat.regenerate();
    const run = await script.started(page.id);
    await run.emit("uno");
    const other = await reload(page);
    run.finish();
    await again;
    await other.chat.resumeStream();
    expect(other.text()).toBe("uno");
    await isEqual(other);
  });

  it("shows the whole answer once that goes on with results of the page's tools", async () => {
    const page = await open();
    const sent = page.chat.sendMessage({ text: "Where?" });
    const first = await script.started(page.id);
    await first.emit("Let me look. ");
    await first.emit({ type: "tool-call", id: "c1", name: "locate", arguments: "{}" });
    first.finish();
    await sent;
    await page.chat.addToolOutput({ tool: "locate", toolCallId: "c1", output: "Graz" });
    const run = await script.started(page.id);
    await run.emit("You are ");
    const early = await reload(page);
    const late = await reload(page);
    expect(early.chat.messages).toHaveLength(1);
    const resumed = early.chat.resumeStream();
    await early.until((text) => text.endsWith("You are "));
    await run.emit("in Graz.");
    run.finish();
    await resumed;
    await page.ready();
    await isEqual(early);
    await late.chat.resumeStream();
    await isEqual(late);
    expect(script.calls(page.id)).toBe(2);
  });

  it("shows no answer of a question that the page does not show, and none twice", async () => {
    const page = await open();
    await answer(page, "one", "1");
    const other = await reload(page);
    await other.chat.resumeStream();
    await isEqual(other);
    await answer(page, "two", "2");
    await other.chat.resumeStream();
    expect(other.errors).toEqual([]);
    expect(other.text()).toBe("1");
  });

  it("keeps a person's metadata apart from ours, and an edit of it alone is an edit", async () => {
    const page = await open();
    const metadata = { status: "draft", seq: "x", created_at: 1, usage: { mine: true } };
    const sent = page.chat.sendMessage({ text: "one", metadata });
    const run = await script.started(page.id);
    expect(run.request.question.metadata).toEqual(metadata);
    await run.emit("1");
    const other = await reload(page);
    expect(other.chat.messages[0]?.metadata).toMatchObject({
      ...metadata,
      chatkeep: { status: "complete", seq: 1 },
    });
    // As the page has it, with ours, while its answer is still given.
    const { id, parts, metadata: shown } = other.chat.messages[0]!;
    const edited = other.chat.sendMessage({
      role: "user",
      parts,
      metadata: { ...(shown as object), status: "sent" },
      messageId: id,
    });
    const second = await script.started(page.id);
    expect(second.request.question.metadata).toEqual({ ...metadata, status: "sent" });
    await second.emit("uno");
    second.finish();
    await Promise.all([edited, sent]);
    expect(other.errors).toEqual([]);
    const { messages } = await history.listMessages(page.owner, page.id);
    expect(messages.map(({ content, versions }) => [content, versions.count])).toEqual([
      ["one", 2],
      ["uno", 1],
    ]);
  });
});

it("loaded messages begin with a whole answer, however few are asked for", async () => {
  const owner = { kind: "session", id: session() } as const;
  const { conversation } = await history.createConversation(owner);
  const place = { history, owner, conversationId: conversation.id };
  for (const question of ["first", "second"]) {
    await history.startTurn(owner, conversation.id, { content: question });
    for (let step = 0; step < 3; step += 1) {
      const run = await script.started(conversation.id);
      await run.emit(`${question} ${step}`);
      if (step < 2) await run.emit({ type: "tool-call", id: `c${step}`, name: "look", arguments: "{}" });
      run.finish();
      await expect
        .poll(async () => (await history.getConversation(owner, conversation.id)).runningTurn)
        .toBe(null);
      const results = [{ type: "tool-result", id: `c${step}`, result: step }] as const;
      if (step < 2) await history.startTurn(owner, conversation.id, { role: "tool", parts: results });
    }
  }
  const { total } = await history.listMessages(owner, conversation.id);
  expect(total).toBe(12);
  const whole = await loadUiMessages(place);
  expect(whole.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant"]);
  for (let limit = 1; limit <= total; limit += 1) {
    const loaded = await loadUiMessages({ ...place, limit });
    const count = limit <= 5 ? 1 : limit <= 6 ? 2 : limit <= 11 ? 3 : 4;
    expect(loaded).toEqual(whole.slice(-count));
  }
});
