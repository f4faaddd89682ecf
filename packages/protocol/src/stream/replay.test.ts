import { fc } from "@chatkeep/testing/properties";
import { describe, expect, it } from "vitest";

import { anyEvent } from "../../test/events.ts";
import { citationsOf, contentOf, toolCallsOf } from "../part.ts";
import type { ResponderEvent } from "../responder.ts";
import type { TurnState } from "../turn.ts";
import { createEncoder, isLastChunk, settledChunks } from "./encode.ts";
import { type Answer, createFold } from "./fold.ts";
import { replayEvents } from "./replay.ts";

const TIME = "2026-11-20T09:00:00.000Z";

/** The answer of these events, settled as `status`, as a reader saw it live. */
function answerOf(events: readonly ResponderEvent[], status: "complete" | "failed"): Answer {
  const encoder = createEncoder();
  const fold = createFold();
  for (const chunk of [...events.flatMap((event) => encoder.encode(event)), ...encoder.end()])
    fold.push(chunk);
  const error = status === "complete" ? null : { code: "model_error", detail: "It broke." };
  for (const chunk of settledChunks(status, error)) fold.push(chunk);
  return fold.answer();
}

/** The turn as it is stored with this answer. */
function stateOf(answer: Answer): TurnState {
  const { parts, model, usage, intent, processed, status, error } = answer;
  const message = {
    id: "m1",
    seq: 1,
    conversationId: "c1",
    userId: null,
    parentId: null,
    versions: { index: 1, count: 1 },
    turnId: "t1",
    role: "user",
    status: "complete",
    parts: [{ type: "text", text: "Hello" }],
    content: "Hello",
    toolCalls: null,
    toolCallId: null,
    citations: null,
    contextText: null,
    intent: null,
    processed: null,
    model: null,
    usage: null,
    error: null,
    metadata: null,
    feedback: null,
    createdAt: TIME,
    updatedAt: TIME,
  } as const;
  const turn = {
    id: "t1",
    conversationId: "c1",
    status,
    messageId: "m1",
    replyId: "m2",
    persisted: true,
    error,
    createdAt: TIME,
    settledAt: TIME,
  };
  const reply = {
    ...message,
    id: "m2",
    seq: 2,
    role: "assistant" as const,
    status: status === "running" ? ("streaming" as const) : status,
    parts,
    content: contentOf(parts),
    toolCalls: toolCallsOf(parts),
    citations: citationsOf(parts),
    intent,
    processed,
    model,
    usage,
    error,
  };
  return { turn, message, reply };
}

describe("replay", () => {
  it("tells a stored answer as it was seen live, whatever was in it", () => {
    fc.assert(
      fc.property(
        fc.array(anyEvent, { maxLength: 20 }),
        fc.constantFrom("complete", "failed"),
        (events, status) => {
          const live = answerOf(events, status);
          const fold = createFold();
          for (const { chunk } of replayEvents(stateOf(live))) {
            fold.push(JSON.parse(JSON.stringify(chunk)) as typeof chunk);
          }
          expect(JSON.stringify(fold.answer())).toBe(JSON.stringify(live));
        },
      ),
    );
  });

  it("begins with the start, numbers on without a gap and ends with the last chunk", () => {
    const events = [...replayEvents(stateOf(answerOf(["Hello"], "complete")))];
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events[0]?.chunk).toEqual({
      type: "start",
      messageId: "m2",
      messageMetadata: {
        turn_id: "t1",
        conversation_id: "c1",
        message_id: "m1",
        persisted: true,
        created_at: TIME,
      },
    });
    expect(events.filter(({ chunk }) => isLastChunk(chunk))).toEqual([events.at(-1)]);
  });
});
