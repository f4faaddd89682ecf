import type { Part, ResponderEvent } from "@chatkeep/protocol";
import type { Model, ModelReply, ModelStep } from "@chatkeep/testing";
import { jsonSchema, tool } from "ai";
import { describe, expect, test } from "vitest";

import { type Options, QUESTION, afterQuestion, callOf, responderOf } from "./cut-off.ts";
import { start } from "./model-server.ts";
import { eventsOf, requestFor, textOf } from "./request.ts";

describe("a call that was cut off", () => {
  const CALL: Part = { type: "tool-call", id: "a", name: "book", arguments: '{"city":"Oslo"}' };
  const booking = (ledger: string[], metadata?: { idempotent: boolean }) =>
    tool({
      inputSchema: jsonSchema<{ city: string }>(
        { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
        {
          validate: (value) =>
            typeof value === "object"
              ? { success: true, value: value as { city: string } }
              : { success: false, error: new Error("no object") },
        },
      ),
      execute: ({ city }, { toolCallId }) => {
        ledger.push(toolCallId);
        return { booked: city };
      },
      ...(metadata === undefined ? {} : { metadata }),
    });
  const goOn = async (
    server: Model,
    answer: readonly Part[],
    options: Options = {},
  ): Promise<ResponderEvent[]> =>
    eventsOf(
      responderOf("openai-compatible/llama", server, options)(requestFor({ question: QUESTION, answer })),
    );
  const done = (): ModelReply => ({ steps: ["Done."] });

  test("is made again if its tool is idempotent, with the key of the first call", async () => {
    const ledger: string[] = [];
    const book = booking(ledger, { idempotent: true });
    const first = await start(({ index }) => (index === 0 ? { steps: [stepOf(CALL)] } : done()));
    await eventsOf(
      responderOf("openai-compatible/llama", first, { tools: { book } })(requestFor({ question: QUESTION })),
    );
    const server = await start(done);
    const events = await goOn(server, [CALL], { tools: { book } });
    expect(events.slice(0, 2)).toEqual([
      { type: "tool-result", id: "a", result: { booked: "Oslo" } },
      { type: "text", text: "Done." },
    ]);
    expect(ledger).toEqual(["t1.a", "t1.a"]);
    expect(afterQuestion(server.requests[0]!)).toEqual([
      { role: "assistant", call: { id: "a", name: "book" } },
      { role: "tool", id: "a", text: '{"booked":"Oslo"}' },
    ]);
  });

  test("is not made again otherwise, and the model is told that its outcome is not known", async () => {
    const ledger: string[] = [];
    const server = await start(done);
    const events = await goOn(server, [CALL], { tools: { book: booking(ledger) } });
    expect(ledger).toEqual([]);
    const result = expect.stringContaining("Whether book took effect is not known") as string;
    expect(events[0]).toEqual({ type: "tool-result", id: "a", result, error: true });
    expect(textOf(events)).toBe("Done.");
    expect(afterQuestion(server.requests[0]!).at(-1)).toEqual({ role: "tool", id: "a", text: result });
  });

  test("in the middle of its arguments was not made, and is closed", async () => {
    const ledger: string[] = [];
    const server = await start(done);
    const answer: Part[] = [{ type: "tool-call", id: "a", name: "book", arguments: '{"city":"Os' }];
    const events = await goOn(server, answer, { tools: { book: booking(ledger, { idempotent: true }) } });
    expect(ledger).toEqual([]);
    const result = "The call was cut off before it was made.";
    expect(events[0]).toEqual({ type: "tool-result", id: "a", result, error: true });
  });

  test("of a tool that is gone, or with arguments that do not fit, has an error as its result", async () => {
    const server = await start(done);
    expect(await goOn(server, [CALL])).toContainEqual(expect.objectContaining({ id: "a", error: true }));
    const book = booking([], { idempotent: true });
    const misfit: Part = { type: "tool-call", id: "b", name: "book", arguments: "7" };
    expect((await goOn(server, [misfit], { tools: { book } }))[0]).toEqual({
      type: "tool-result",
      id: "b",
      result: "The arguments do not fit the tool book.",
      error: true,
    });
  });

  test("of an idempotent tool that fails has the error of the tool as its result", async () => {
    const server = await start(done);
    const book = tool({
      inputSchema: jsonSchema({ type: "object" }),
      metadata: { idempotent: true },
      execute: (): string => {
        throw new Error("There is no room.");
      },
    });
    const events = await goOn(server, [CALL], { tools: { book } });
    expect(events[0]).toEqual({ type: "tool-result", id: "a", result: "There is no room.", error: true });
  });

  test("that is the client's to make is left to the client, and the model is not asked", async () => {
    const server = await start(done);
    const book = tool({
      inputSchema: jsonSchema({ type: "object" }),
      outputSchema: jsonSchema({ type: "object" }),
    });
    expect(await goOn(server, [CALL], { tools: { book } })).toEqual([]);
    expect(server.requests).toHaveLength(0);
  });

  test("beside one that has its result: only the one without is looked at", async () => {
    const ledger: string[] = [];
    const server = await start(done);
    const other: Part = { type: "tool-call", id: "b", name: "book", arguments: '{"city":"Rome"}' };
    const result: Part = { type: "tool-result", id: "b", result: { booked: "Rome" } };
    await goOn(server, [CALL, other, result], { tools: { book: booking(ledger, { idempotent: true }) } });
    expect(ledger).toEqual(["t1.a"]);
    expect(afterQuestion(server.requests[0]!).map(({ role }) => role)).toEqual([
      "assistant",
      "assistant",
      "tool",
      "tool",
    ]);
  });

  test("counts as a step: a model that calls tools for ever is ended after maxSteps in all attempts", async () => {
    const server = await start(({ index }) => ({ steps: [stepOf({ ...CALL, id: `c${index}` })] }));
    const book = booking([]);
    const answer: Part[] = ["x", "y"].flatMap((id): Part[] => [
      { ...CALL, id },
      { type: "tool-result", id, result: "ok" },
    ]);
    await goOn(server, answer, { tools: { book }, maxSteps: 3 });
    expect(server.requests).toHaveLength(1);
    await goOn(server, answer, { tools: { book }, maxSteps: 2 });
    expect(server.requests).toHaveLength(1);
  });

  const stepOf = (call: Part & { type: "tool-call" }): ModelStep => ({ type: "calls", calls: [call] });
});

test("a tool runs only when its call is committed, and never if that fails", async () => {
  const ran: string[] = [];
  const book = tool({
    inputSchema: jsonSchema({ type: "object" }),
    execute: () => void ran.push("book"),
  });
  const server = await start(({ index }) =>
    index === 0 ? { steps: [callOf("a", "Oslo")] } : { steps: ["Done."] },
  );
  const commit = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const committed = (): Promise<void> => {
    asked.resolve();
    return commit.promise;
  };
  const respond = responderOf("openai-compatible/llama", server, { tools: { look: book } });
  const answer = eventsOf(respond(requestFor({ question: QUESTION, committed })));
  await asked.promise;
  await new Promise(setImmediate);
  expect(ran).toEqual([]);
  commit.resolve();
  expect(textOf(await answer)).toBe("Done.");
  expect(ran).toEqual(["book"]);

  const again = await start(() => ({ steps: [callOf("a", "Oslo")] }));
  const refused = responderOf("openai-compatible/llama", again, { tools: { look: book } });
  const lost = new Error("run elsewhere");
  await expect(
    eventsOf(refused(requestFor({ question: QUESTION, committed: () => Promise.reject(lost) }))),
  ).rejects.toThrow("failed");
  expect(ran).toEqual(["book"]);
});

test("each step tells the usage so far, so that a later one that dies loses nothing of it", async () => {
  const look = tool({ inputSchema: jsonSchema({ type: "object" }), execute: () => "ok" });
  const server = await start(({ index }) =>
    index === 0
      ? { steps: [callOf("a", "Oslo")] }
      : { steps: ["Rain", { type: "error", message: "overloaded" }] },
  );
  const respond = responderOf("openai-compatible/llama", server, { tools: { look } });
  const events: ResponderEvent[] = [];
  await expect(async () => {
    for await (const event of respond(requestFor({ question: QUESTION }))) events.push(event);
  }).rejects.toThrow("failed");
  expect(events).toContainEqual({
    type: "model",
    model: "llama",
    usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2, cachedTokens: 0, reasoningTokens: 0 },
  });
});
