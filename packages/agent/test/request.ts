import { readAnswer } from "@chatkeep/core";
import type {
  Conversation,
  Message,
  MessageInput,
  Part,
  Responder,
  ResponderEvent,
  ResponderRequest,
} from "@chatkeep/protocol";
import {
  ResponderError,
  citationsOf,
  contentOf,
  emptyConversation,
  toolCallIdOf,
  toolCallParts,
  toolCallsOf,
} from "@chatkeep/protocol";

const NOW = "2026-01-01T00:00:00.000Z";

/** A stored message, as core would give it to a responder. */
export function storedMessage(input: MessageInput, seq: number): Message {
  const parts = input.parts ?? [
    ...(input.toolCallId === undefined
      ? [{ type: "text" as const, text: input.content ?? "" }]
      : [{ type: "tool-result" as const, id: input.toolCallId, result: input.content ?? "" }]),
    ...(input.toolCalls === undefined ? [] : toolCallParts(input.toolCalls)),
  ];
  return {
    id: input.id ?? `m${seq}`,
    seq,
    conversationId: "c1",
    userId: null,
    parentId: null,
    versions: { index: 1, count: 1 },
    turnId: null,
    role: input.role,
    status: "complete",
    parts,
    content: contentOf(parts),
    toolCalls: toolCallsOf(parts),
    toolCallId: toolCallIdOf(parts),
    citations: citationsOf(parts),
    contextText: input.contextText ?? null,
    intent: null,
    processed: null,
    model: null,
    usage: null,
    error: null,
    metadata: null,
    feedback: null,
    createdAt: NOW,
    updatedAt: NOW,
  };
}

/** What is asked in a test, and what was said before. */
export interface Asked {
  readonly question: string;
  /** What answers calls of the last answer, instead of the question. */
  readonly answers?: readonly Part[];
  /** Default 1, or 2 with an answer. */
  readonly attempt?: number;
  readonly contextText?: string;
  readonly history?: readonly MessageInput[];
  readonly scope?: string;
  /** What an earlier attempt committed. */
  readonly answer?: readonly Part[];
  readonly committed?: () => Promise<void>;
  readonly steered?: AbortSignal;
  readonly signal?: AbortSignal;
}

/** The request that a responder is given for a question. */
export function requestFor(asked: Asked): ResponderRequest {
  const history = (asked.history ?? []).map((input, index) => storedMessage(input, index + 1));
  const seq = history.length + 1;
  const conversation: Conversation = {
    ...emptyConversation("c1", NOW),
    scope: asked.scope ?? null,
    messageCount: seq,
    runningTurn: "t1",
  };
  return {
    owner: { kind: "session", id: "0b9a7b3e-5d0c-4d5e-9a41-2f4f3c1f8a11" },
    conversation,
    turnId: "t1",
    question: storedMessage(
      asked.answers === undefined
        ? { role: "user", content: asked.question, contextText: asked.contextText ?? null }
        : { role: "tool", parts: asked.answers },
      seq,
    ),
    history,
    recalled: [],
    summary: null,
    answer: asked.answer ?? [],
    attempt: asked.attempt ?? (asked.answer === undefined ? 1 : 2),
    committed: asked.committed ?? (() => Promise.resolve()),
    steered: asked.steered ?? new AbortController().signal,
    signal: asked.signal ?? new AbortController().signal,
  };
}

/** All events of an answer. */
export async function eventsOf(answer: ReturnType<Responder>): Promise<ResponderEvent[]> {
  const events: ResponderEvent[] = [];
  for await (const event of readAnswer(answer)) events.push(event);
  return events;
}

/** How an answer failed. */
export async function failureOf(answer: ReturnType<Responder>): Promise<ResponderError> {
  const error: unknown = await eventsOf(answer).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ResponderError)) throw new Error(`It did not fail so: ${String(error)}`);
  return error;
}

/** The text among events. */
export function textOf(events: readonly ResponderEvent[]): string {
  return events
    .map((event) => (typeof event === "string" ? event : event.type === "text" ? event.text : ""))
    .join("");
}
