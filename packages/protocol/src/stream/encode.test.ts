import { fc } from "@chatkeep/testing/properties";
import { anyString } from "@chatkeep/testing/values";
import { describe, expect, it } from "vitest";

import { anyEvent } from "../../test/events.ts";
import type { Chunk } from "../chunk.ts";
import type { Json } from "../json.ts";
import type { Failure } from "../message.ts";
import type { Part } from "../part.ts";
import type { ResponderEvent } from "../responder.ts";
import { createEncoder, isLastChunk, settledChunks } from "./encode.ts";
import { createFold } from "./fold.ts";

/**
 * What a responder's events say, by the words of the contract: text goes on in its block until something else
 * begins; a call's arguments are its deltas until a `tool-call` gives the whole; a later result of a call and
 * later data under one id take the place of the earlier. A call that has its result gives its id free.
 */
function partsOf(events: readonly ResponderEvent[]): Part[] {
  const parts: Part[] = [];
  const places: { key: readonly unknown[]; index: number }[] = [];
  let open: number | undefined;

  const find = (...key: unknown[]): number | undefined =>
    places.find((place) => JSON.stringify(place.key) === JSON.stringify(key))?.index;
  const forget = (...key: unknown[]): void => {
    const index = places.findIndex((place) => JSON.stringify(place.key) === JSON.stringify(key));
    if (index >= 0) places.splice(index, 1);
  };
  const put = (part: Part, ...key: unknown[]): void => {
    const index = find(...key);
    if (index === undefined) places.push({ key, index: parts.push(part) - 1 });
    else parts[index] = part;
  };
  const write = (type: "text" | "reasoning", text: string): void => {
    if (text === "") return;
    const before = open === undefined ? undefined : parts[open];
    if (open !== undefined && before?.type === type) parts[open] = { type, text: before.text + text };
    else open = parts.push({ type, text }) - 1;
  };

  for (const event of events) {
    if (typeof event === "string") {
      write("text", event);
      continue;
    }
    switch (event.type) {
      case "text":
      case "reasoning":
        write(event.type, event.text);
        break;
      case "citation":
        open = undefined;
        parts.push({ type: "citation", citation: event.citation });
        break;
      case "tool-call":
      case "tool-call-delta": {
        const index = find("call", event.id);
        if (index === undefined) {
          open = undefined;
          forget("result", event.id);
        }
        const before = index === undefined ? undefined : parts[index];
        const written = before?.type === "tool-call" ? before.arguments : "";
        const text = event.type === "tool-call" ? event.arguments : written + event.delta;
        put({ type: "tool-call", id: event.id, name: event.name, arguments: text }, "call", event.id);
        break;
      }
      case "tool-result": {
        open = undefined;
        const { id, result } = event;
        const part: Part =
          event.error === true
            ? { type: "tool-result", id, result: sentenceOf(result), error: true }
            : { type: "tool-result", id, result };
        put(part, "result", id);
        forget("call", id);
        break;
      }
      case "file":
        open = undefined;
        parts.push({ type: "file", url: event.url, mime: event.mime });
        break;
      case "data": {
        open = undefined;
        const { name, data, id } = event;
        if (id === undefined) parts.push({ type: "data", name, data });
        else put({ type: "data", name, data, id }, "data", name, id);
        break;
      }
      default:
    }
  }
  return parts;
}

function sentenceOf(result: Json): string {
  return typeof result === "string" ? result : JSON.stringify(result);
}

/** A chunk as it comes back from storage or a stream. */
function stored(chunk: Chunk): Chunk {
  return JSON.parse(JSON.stringify(chunk)) as Chunk;
}

describe("encode and fold", () => {
  it("folds what was encoded to the parts of the events, wherever it is cut", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 25 }), (events) => {
        const encoder = createEncoder();
        const fold = createFold();
        events.forEach((event, index) => {
          for (const chunk of encoder.encode(event)) fold.push(stored(chunk));
          expect(JSON.stringify(fold.answer().parts)).toBe(
            JSON.stringify(partsOf(events.slice(0, index + 1))),
          );
        });
        const before = JSON.stringify(fold.answer().parts);
        for (const chunk of encoder.end()) fold.push(stored(chunk));
        expect(JSON.stringify(fold.answer().parts)).toBe(before);
      }),
      { numRuns: 500 },
    );
  });

  it("gives each reader the same answer, whatever it had seen when it was cut off", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 15 }), fc.nat(), (events, at) => {
        const encoder = createEncoder();
        const chunks = [...events.flatMap((event) => encoder.encode(event)), ...encoder.end()];
        const cut = chunks.length === 0 ? 0 : at % chunks.length;
        const live = createFold();
        const resumed = createFold();
        for (const chunk of chunks.slice(0, cut)) live.push(chunk);
        for (const chunk of chunks.slice(0, cut)) resumed.push(stored(chunk));
        for (const chunk of chunks.slice(cut)) live.push(chunk);
        for (const chunk of chunks.slice(cut)) resumed.push(stored(chunk));
        expect(JSON.stringify(resumed.answer())).toBe(JSON.stringify(live.answer()));
      }),
    );
  });

  it("leaves answers that were taken before as they were", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 15 }), (events) => {
        const encoder = createEncoder();
        const fold = createFold();
        const taken: { answer: unknown; text: string }[] = [];
        for (const chunk of events.flatMap((event) => encoder.encode(event))) {
          fold.push(chunk);
          const answer = fold.answer();
          taken.push({ answer, text: JSON.stringify(answer) });
        }
        for (const { answer, text } of taken) expect(JSON.stringify(answer)).toBe(text);
      }),
    );
  });

  it("keeps the last word of model, usage and intent", () => {
    const encoder = createEncoder();
    const fold = createFold();
    const usage = { inputTokens: 3, outputTokens: null, totalTokens: 7 };
    const events: ResponderEvent[] = [
      { type: "model", model: "small", usage },
      { type: "intent", intent: "create_todo", processed: false },
      "Done.",
      { type: "intent", intent: "create_todo", processed: true },
      { type: "model", model: "large" },
    ];
    for (const chunk of events.flatMap((event) => encoder.encode(event))) fold.push(stored(chunk));
    expect(fold.answer()).toEqual({
      parts: [{ type: "text", text: "Done." }],
      model: "large",
      usage,
      intent: "create_todo",
      processed: true,
      status: "running",
      error: null,
      persisted: true,
      token: null,
      waiting: false,
    });
  });
});

describe("the encoder", () => {
  it("opens and closes each block once, before another begins", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 25 }), (events) => {
        const encoder = createEncoder();
        let open: string | undefined;
        const seen = new Set<string>();
        const faults: string[] = [];
        for (const chunk of [...events.flatMap((event) => encoder.encode(event)), ...encoder.end()]) {
          switch (chunk.type) {
            case "text-start":
            case "reasoning-start":
              if (open !== undefined) faults.push(`${open} is open when ${chunk.id} begins`);
              if (seen.has(chunk.id)) faults.push(`${chunk.id} begins twice`);
              open = chunk.id;
              seen.add(chunk.id);
              break;
            case "text-delta":
            case "reasoning-delta":
              if (open !== chunk.id) faults.push(`${chunk.id} goes on but is not open`);
              break;
            case "text-end":
            case "reasoning-end":
              if (open !== chunk.id) faults.push(`${chunk.id} ends but is not open`);
              open = undefined;
              break;
            default:
          }
        }
        expect(faults).toEqual([]);
        expect(open).toBeUndefined();
      }),
    );
  });

  it("names a call before its arguments and its arguments before its result", () => {
    const encoder = createEncoder();
    const chunks = [
      ...encoder.encode({ type: "tool-call", id: "c1", name: "add", arguments: '{"title":"Milk"}' }),
      ...encoder.encode({ type: "tool-result", id: "c1", result: { id: 7 } }),
    ];
    expect(chunks).toEqual([
      { type: "tool-input-start", toolCallId: "c1", toolName: "add" },
      { type: "tool-input-delta", toolCallId: "c1", inputTextDelta: '{"title":"Milk"}' },
      { type: "tool-input-available", toolCallId: "c1", toolName: "add", input: { title: "Milk" } },
      { type: "tool-output-available", toolCallId: "c1", output: { id: 7 } },
    ]);
  });

  it("sends arguments that are no valid JSON as they are, with an error in words", () => {
    const chunks = createEncoder().encode({ type: "tool-call", id: "c1", name: "add", arguments: "{oops" });
    expect(chunks.at(-1)).toEqual({
      type: "tool-input-error",
      toolCallId: "c1",
      toolName: "add",
      input: "{oops",
      errorText: "The arguments are not valid JSON.",
    });
  });

  it("does not repeat arguments that came in pieces", () => {
    const encoder = createEncoder();
    const chunks = [
      ...encoder.encode({ type: "tool-call-delta", id: "c1", name: "add", delta: '{"a"' }),
      ...encoder.encode({ type: "tool-call-delta", id: "c1", name: "add", delta: ":1}" }),
      ...encoder.encode({ type: "tool-call", id: "c1", name: "add", arguments: '{"a":1}' }),
    ];
    expect(chunks.map((chunk) => chunk.type)).toEqual([
      "tool-input-start",
      "tool-input-delta",
      "tool-input-delta",
      "tool-input-available",
    ]);
  });
});

const anyFailure: fc.Arbitrary<Failure | null> = fc.option(
  fc.record({ code: anyString, detail: anyString }, { noNullPrototype: true }),
);

describe("how a turn's stream ends", () => {
  it("tells status, error, persistence and token, so that a reader needs nothing else", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("complete", "stopped", "interrupted", "failed"),
        anyFailure,
        fc.option(fc.record({ token: fc.string() }), { nil: undefined }),
        (status, error, unsaved) => {
          const fold = createFold();
          for (const chunk of settledChunks(status, error, unsaved)) fold.push(chunk);
          const persisted = unsaved === undefined;
          expect(fold.answer()).toMatchObject({
            status,
            error,
            persisted,
            token: unsaved?.token ?? null,
          });
        },
      ),
    );
  });

  it("ends with the one chunk that the AI SDK's clients take for the end", () => {
    const types = (["complete", "stopped", "interrupted", "failed"] as const).map((status) => {
      const chunks = settledChunks(status, null);
      expect(chunks.slice(0, -1).some(isLastChunk)).toBe(false);
      expect(isLastChunk(chunks.at(-1)!)).toBe(true);
      return chunks.at(-1)!.type;
    });
    expect(types).toEqual(["finish", "abort", "error", "error"]);
  });

  it("shows the failure's sentence to clients that know only the AI SDK's words", () => {
    const error = { code: "model_timeout", detail: "The model did not answer within 60 s." };
    expect(settledChunks("failed", error).at(-1)).toEqual({ type: "error", errorText: error.detail });
  });

  it("takes an error of another server's stream for a failure", () => {
    const fold = createFold();
    fold.push({ type: "error", errorText: "Overloaded." });
    expect(fold.answer()).toMatchObject({
      status: "failed",
      error: { code: "model_error", detail: "Overloaded." },
    });
  });
});
