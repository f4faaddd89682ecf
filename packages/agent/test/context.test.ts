import { createModelResponder, createModelTasks } from "@chatkeep/agent";
import { type CoreHistory, type HistoryOptions, createHistory, createPool } from "@chatkeep/core";
import type { MessageInput, Owner } from "@chatkeep/protocol";
import { type Model, UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { describe, expect, onTestFinished, test } from "vitest";

import { start } from "./model-server.ts";

const database = await fileDatabase();

/** A node whose responder asks this model; closed with the test. */
function openNode(model: Model, options: Partial<HistoryOptions> = {}): CoreHistory {
  const pool = createPool(database.url, UNHURRIED.pool);
  const named = { model: "openai-compatible/fake", baseUrl: model.url };
  const history = createHistory({
    pool,
    responder: createModelResponder(named),
    ...UNHURRIED.history,
    ...options,
  });
  onTestFinished(async () => {
    await history.close();
    await pool.end();
  });
  return history;
}

const newOwner = (): Owner => ({ kind: "session", id: crypto.randomUUID() });

/** Asks, reads the answer to its end, and gives the texts of the prompt that the model was sent. */
async function prompt(
  history: CoreHistory,
  model: Model,
  owner: Owner,
  id: string,
  content: string,
): Promise<{ texts: string[]; turnId: string }> {
  const before = model.requests.length;
  const { turn, events } = await history.startTurn(owner, id, { content });
  for await (const _ of events);
  const { body } = model.requests[before]!;
  return { texts: body.messages.map(({ content: sent }) => textOf(sent)), turnId: turn.id };
}

function textOf(sent: unknown): string {
  return typeof sent === "string" ? sent : JSON.stringify(sent);
}

function small(count: number): MessageInput[] {
  return Array.from({ length: count }, (_, n) =>
    n % 2 === 0
      ? { role: "user", content: `Small talk number ${n} about the weather.` }
      : { role: "assistant", content: `The weather is fine, for the time number ${n}.` },
  );
}

describe("what a model is sent", () => {
  test("a follow-up after a restart comes with what was said before, and holds the question once", async () => {
    const model = await start();
    const me = newOwner();
    const first = openNode(model);
    const { conversation } = await first.createConversation(me);
    await prompt(first, model, me, conversation.id, "How do I back up the database?");
    await first.close();

    const second = openNode(model);
    const { texts } = await prompt(second, model, me, conversation.id, "And on Windows?");
    expect(texts).toHaveLength(3);
    expect(texts[0]).toContain("How do I back up the database?");
    expect(texts.filter((text) => text.includes("And on Windows?"))).toHaveLength(1);
    expect(texts.at(-1)).toContain("And on Windows?");
  });

  test("after a restart, of 2,500 messages the latest, and an old turn that the question is about, marked (A12)", async () => {
    const model = await start();
    const me = newOwner();
    const before = openNode(model);
    const { conversation } = await before.createConversation(me);
    const messages = small(2500);
    messages[100] = { role: "user", content: "My boat is called Nautilus." };
    messages[101] = { role: "assistant", content: "A fine name for a boat." };
    for (let at = 0; at < messages.length; at += 500) {
      await before.appendMessages(me, conversation.id, messages.slice(at, at + 500));
    }
    await before.close();
    const history = openNode(model);
    const { texts, turnId } = await prompt(
      history,
      model,
      me,
      conversation.id,
      "What is the name of my boat?",
    );
    const recalled = texts.findIndex((text) => text.includes("My boat is called Nautilus."));
    expect(texts[recalled]).toContain("[Recalled from earlier in this conversation,");
    expect(texts[recalled + 1]).toContain("A fine name for a boat.");
    expect(texts.at(-2)).toContain("number 2499");
    expect(texts.length).toBeLessThan(120);
    expect(texts.filter((text) => text.includes("What is the name of my boat?"))).toHaveLength(1);

    await history.close();
    const again = openNode(model);
    const record = await again.getTurnContext(me, conversation.id, turnId);
    expect(record?.recalled).toEqual(expect.arrayContaining([101, 102]));
    expect(record?.latest.at(-1)).toBe(2500);
    expect(record?.tokens).toBeLessThanOrEqual(record?.tokenBudget ?? 0);
  });

  test("of another document, and of another owner, nothing", async () => {
    const model = await start();
    const [me, other] = [newOwner(), newOwner()];
    const history = openNode(model);
    const secret = { role: "user" as const, content: "The password is xylophone." };
    for (const [owner, scope] of [
      [me, "one"],
      [other, "two"],
    ] as const) {
      const { conversation } = await history.createConversation(owner, { scope });
      await history.appendMessages(owner, conversation.id, [secret, ...small(100)]);
    }
    const { conversation } = await history.createConversation(me, { scope: "two" });
    await history.appendMessages(me, conversation.id, small(100));
    const { texts } = await prompt(history, model, me, conversation.id, "What is the xylophone password?");
    expect(texts.filter((text) => text.includes("xylophone"))).toHaveLength(1);
  });

  test("of another thread of the same person, nothing, whichever was used last (A6)", async () => {
    const model = await start();
    const me = newOwner();
    const history = openNode(model);
    const threads = await Promise.all(["copper", "silver"].map(() => history.createConversation(me)));
    const [copper, silver] = threads.map(({ conversation }) => conversation.id) as [string, string];
    await prompt(history, model, me, copper, "I like copper.");
    await prompt(history, model, me, silver, "I like silver.");
    for (const [id, own, other] of [
      [copper, "copper", "silver"],
      [silver, "silver", "copper"],
    ] as const) {
      const { texts } = await prompt(history, model, me, id, "What do I like?");
      expect(texts[0]).toContain(`I like ${own}.`);
      expect(texts.join()).not.toContain(other);
    }
  });

  test("usage and cost of an answer are stored with it", async () => {
    const model = await start();
    const me = newOwner();
    const price = { input: 1_000_000, output: 2_000_000 };
    const named = { model: "openai-compatible/fake", baseUrl: model.url, price };
    const first = openNode(model, { responder: createModelResponder(named) });
    const { conversation } = await first.createConversation(me);
    await prompt(first, model, me, conversation.id, "Three words out.");
    await first.close();
    const { messages } = await openNode(model).listMessages(me, conversation.id);
    // One message in; "You said: Three words out." is five pieces.
    expect(messages[1]).toMatchObject({
      model: "fake",
      usage: { inputTokens: 1, outputTokens: 5, totalTokens: 6, cost: 11 },
    });
  });

  test("what the route shows is what is sent", async () => {
    const model = await start();
    const me = newOwner();
    const history = openNode(model);
    const { conversation } = await history.createConversation(me);
    await history.appendMessages(me, conversation.id, small(200));
    const question = "What did I say about number 20?";
    const shown = await history.getContext(me, conversation.id, { question });
    const { texts } = await prompt(history, model, me, conversation.id, question);
    expect(texts).toHaveLength(shown.messages.length + 1);
    for (const [index, { message }] of shown.messages.entries())
      expect(texts[index]).toContain(message.content);
  });
});

describe("what a model does in the background", () => {
  test("it sums up what is too old, once for a range, and is given the summary from then on", async () => {
    const model = await start(({ body }) =>
      textOf(body.messages).includes("Sum up this conversation")
        ? { steps: ["They spoke of the weather."] }
        : { steps: ["Yes."] },
    );
    const me = newOwner();
    const tasks = createModelTasks({ model: "openai-compatible/fake", baseUrl: model.url });
    const first = openNode(model, { summarize: (request) => tasks.summarize(request) });
    const { conversation } = await first.createConversation(me);
    await first.appendMessages(me, conversation.id, small(300));
    await prompt(first, model, me, conversation.id, "Is it so?");
    await first.close({ grace: 10_000 });

    const second = openNode(model);
    const context = await second.getContext(me, conversation.id, { question: "Is it?" });
    expect(context.summary).toMatchObject({ text: "They spoke of the weather.", fromSeq: 1 });
    const { texts } = await prompt(second, model, me, conversation.id, "Is it?");
    expect(texts[0]).toContain("They spoke of the weather.");
    expect(model.requests.filter(({ body }) => textOf(body.messages).includes("Sum up"))).toHaveLength(1);

    await second.clearMessages(me, conversation.id);
    expect((await second.getContext(me, conversation.id)).summary).toBeNull();
  });

  test("a title that is lost with its node is made after the next answer, of the first question", async () => {
    const model = await start(() => ({ steps: ["Every night."] }));
    const me = newOwner();
    const asked = Promise.withResolvers<void>();
    const dying = openNode(model, {
      generateTitle: ({ signal }) => {
        asked.resolve();
        return new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(new Error("killed"))),
        );
      },
    });
    const { conversation } = await dying.createConversation(me);
    await prompt(dying, model, me, conversation.id, "Do backups run at night?");
    await asked.promise;
    await dying.close();

    const requests: unknown[] = [];
    const next = openNode(model, {
      generateTitle: ({ question, answer }) => {
        requests.push([question.content, answer]);
        return Promise.resolve("Backups");
      },
    });
    await prompt(next, model, me, conversation.id, "Really?");
    await expect.poll(async () => (await next.getConversation(me, conversation.id)).title).toBe("Backups");
    await prompt(next, model, me, conversation.id, "Each one?");
    await next.close({ grace: 10_000 });
    expect(requests).toEqual([["Do backups run at night?", "Every night."]]);
  });

  test("it names a conversation once, and never over a person's title", async () => {
    const model = await start(({ body }) =>
      textOf(body.messages).includes("Name this conversation")
        ? { steps: ['"Backups at night."\n'] }
        : { steps: ["Yes."] },
    );
    const me = newOwner();
    const tasks = createModelTasks({ model: "openai-compatible/fake", baseUrl: model.url });
    const history = openNode(model, { generateTitle: (request) => tasks.generateTitle(request) });
    const mine = await history.createConversation(me, { title: "My own" });
    const theirs = await history.createConversation(me);
    for (const { conversation } of [mine, theirs]) {
      await prompt(history, model, me, conversation.id, "Do backups run at night?");
      await prompt(history, model, me, conversation.id, "Really?");
    }
    await history.close({ grace: 10_000 });
    const again = openNode(model);
    expect((await again.getConversation(me, mine.conversation.id)).title).toBe("My own");
    expect((await again.getConversation(me, theirs.conversation.id)).title).toBe("Backups at night");
  });
});
