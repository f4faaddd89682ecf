import { describe, expect, it } from "vitest";

import type { Conversation } from "../conversation.ts";
import type { Message, MessageInput } from "../message.ts";
import type { Question, Turn, TurnState } from "../turn.ts";
import { citationFromWire } from "./citation.ts";
import { conversationFromWire, conversationToWire } from "./conversation.ts";
import {
  failureFromWire,
  messageFromWire,
  messageInputFromWire,
  messageInputToWire,
  messageToWire,
  usageFromWire,
} from "./message.ts";
import {
  questionFromWire,
  questionToWire,
  turnFromWire,
  turnStateFromWire,
  turnStateToWire,
  turnToWire,
} from "./turn.ts";

const CITATION = {
  path: "docs/intro.md",
  chapter: "Introduction",
  section: "What it is",
  anchor: "what-it-is",
  quote: "It is…",
  score: 0.92,
  url: "/book/docs/intro.md#what-it-is",
};

const CONVERSATION: Conversation = {
  id: "c1",
  userId: "ada",
  scope: "intro",
  scopeLabel: "Introduction",
  isDefault: true,
  title: "What is it?",
  pinnedAt: "2026-11-20T09:00:00.000Z",
  archivedAt: "2026-11-20T09:00:01.000Z",
  messageCount: 2,
  headId: "m2",
  runningTurn: "t1",
  waitingTurn: "t0",
  preview: "It is…",
  metadata: { camelCase: { snake_case: 1 } },
  tags: ["a_b"],
  expiresAt: "2026-11-21T08:00:00.000Z",
  createdAt: "2026-11-20T08:00:00.000Z",
  updatedAt: "2026-11-20T08:00:01.000Z",
};

const MESSAGE: Message = {
  id: "m2",
  seq: 2,
  conversationId: "c1",
  userId: "ada",
  parentId: "m1",
  versions: { index: 2, count: 3 },
  turnId: "t1",
  role: "assistant",
  status: "failed",
  parts: [
    { type: "text", text: "It is" },
    { type: "tool-call", id: "k1", name: "find", arguments: '{ "b": 1, "a": 2 }' },
    { type: "tool-result", id: "k1", result: { found: 1 } },
    { type: "citation", citation: CITATION },
  ],
  content: "It is",
  toolCalls: [{ id: "k1", type: "function", function: { name: "find", arguments: '{ "b": 1, "a": 2 }' } }],
  toolCallId: "k1",
  citations: [CITATION],
  contextText: "a selection",
  intent: "ask",
  processed: false,
  model: "small",
  usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
  error: { code: "model_error", detail: "It broke." },
  metadata: { a: null },
  feedback: { rating: "down", comment: "It is not." },
  createdAt: "2026-11-20T08:00:00.000Z",
  updatedAt: "2026-11-20T08:00:01.000Z",
};

const TURN: Turn = {
  id: "t1",
  conversationId: "c1",
  status: "failed",
  messageId: "m1",
  replyId: "m2",
  persisted: true,
  error: { code: "model_error", detail: "It broke." },
  createdAt: "2026-11-20T08:00:00.000Z",
  settledAt: "2026-11-20T08:00:01.000Z",
};

const STATE: TurnState = { turn: TURN, message: { ...MESSAGE, id: "m1", role: "user" }, reply: MESSAGE };

const INPUT: Required<MessageInput> = {
  id: "m2",
  role: "assistant",
  parts: MESSAGE.parts,
  content: "It is",
  toolCalls: MESSAGE.toolCalls!,
  toolCallId: "k1",
  citations: [CITATION],
  contextText: "a selection",
  intent: "ask",
  processed: false,
  model: "small",
  usage: MESSAGE.usage,
  metadata: { a: null },
  createdAt: MESSAGE.createdAt,
  status: "failed",
  error: MESSAGE.error,
};

const QUESTION: Required<Question> = {
  id: "m1",
  parent: null,
  role: "user",
  content: "What is it?",
  parts: [{ type: "text", text: "What is it?" }],
  contextText: "a selection",
  metadata: { a: null },
  whenBusy: "queue",
};

/** What arrives at the other end. */
function sent<T>(wire: T): T {
  return JSON.parse(JSON.stringify(wire)) as T;
}

function keysOf(value: object): string[] {
  return Object.keys(value).map((key) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

describe("the wire", () => {
  it("brings every noun across with nothing lost", () => {
    expect(conversationFromWire(sent(conversationToWire(CONVERSATION)))).toEqual(CONVERSATION);
    expect(messageFromWire(sent(messageToWire(MESSAGE)))).toEqual(MESSAGE);
    expect(messageInputFromWire(sent(messageInputToWire(INPUT)))).toEqual(INPUT);
    expect(turnFromWire(sent(turnToWire(TURN)))).toEqual(TURN);
    expect(turnStateFromWire(sent(turnStateToWire(STATE)))).toEqual(STATE);
    expect(turnStateFromWire(sent(turnStateToWire({ ...STATE, reply: null }))).reply).toBeNull();
    expect(questionFromWire(sent(questionToWire(QUESTION)))).toEqual(QUESTION);
  });

  it("writes every field in snake_case, in its place", () => {
    expect(Object.keys(conversationToWire(CONVERSATION))).toEqual(keysOf(CONVERSATION));
    expect(Object.keys(messageToWire(MESSAGE)).toSorted()).toEqual(keysOf(MESSAGE).toSorted());
    expect(Object.keys(messageInputToWire(INPUT)).toSorted()).toEqual(keysOf(INPUT).toSorted());
    expect(Object.keys(turnToWire(TURN))).toEqual(keysOf(TURN));
    const { parent: parentId, ...question } = QUESTION;
    expect(Object.keys(questionToWire(QUESTION)).toSorted()).toEqual(
      keysOf({ ...question, parentId }).toSorted(),
    );
    expect(Object.keys(messageToWire(MESSAGE).usage!)).toEqual(keysOf(MESSAGE.usage!));
  });

  it("leaves the keys of metadata, parts and tool arguments alone", () => {
    expect(conversationToWire(CONVERSATION).metadata).toEqual({ camelCase: { snake_case: 1 } });
    expect(messageToWire(MESSAGE).parts).toEqual(MESSAGE.parts);
  });

  it("sends nothing of what a caller left out", () => {
    expect(sent(messageInputToWire({ role: "user", content: "Hello" }))).toEqual({
      role: "user",
      content: "Hello",
    });
    expect(sent(questionToWire({ content: "Hello" }))).toEqual({ content: "Hello" });
  });

  it("reads what other servers send with as little trust as it needs", () => {
    const empty = { path: "", chapter: "", section: null, anchor: null, quote: null, score: null, url: null };
    expect(citationFromWire({ path: 1, score: "0.9" })).toEqual(empty);
    for (const value of [null, "text", 1, []]) {
      expect(citationFromWire(value)).toEqual(empty);
      expect(usageFromWire(value)).toBeNull();
      expect(failureFromWire(value)).toBeNull();
    }
    expect(usageFromWire({ input_tokens: "1", total_tokens: 3 })).toEqual({
      inputTokens: null,
      outputTokens: null,
      totalTokens: 3,
    });
  });
});
