import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

import {
  type Answer,
  ChatkeepError,
  type Turn,
  type UnsavedTurn,
  emptyConversation,
  readToken,
  settledChunks,
  unsavedQuestion,
  usageToWire,
  userIdOf,
} from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { parentArgument, previewOf, titleOf } from "../database/rows.ts";
import { wordTextOf } from "../search/words.ts";
import type { Begun } from "./begin.ts";
import type { LiveTurn } from "./live.ts";
import { type Settling, settledStatus } from "./settle.ts";
import { type Ending, type NewTurn, type TurnRow, argsOf, turnFromRow } from "./turn.ts";

/** Signs the tokens of unsaved answers; see {@link createTokens}. */
export interface Tokens {
  /** Loads the key that all nodes share. Errors: `unavailable`. */
  load(): Promise<void>;
  sign(turn: UnsavedTurn): string;
  /** Returns the content of a token; `undefined` if none of our nodes signed it. */
  open(token: string): UnsavedTurn | undefined;
  /** The number of tokens signed. */
  signed(): number;
}

/**
 * A token is the turn as JSON with its HMAC-SHA-256, under a key in the database. A node that has not loaded that yet signs
 * with a key of its own, which no other node accepts.
 */
export function createTokens(database: Database): Tokens {
  const keys: (string | Buffer)[] = [randomBytes(32)];
  let signed = 0;
  const macOf = (key: string | Buffer, text: string): Buffer =>
    createHmac("sha256", key).update(text).digest();

  return {
    async load() {
      const [row] = await database.call("token_key", {});
      if (keys.length === 1) keys.unshift(row!.token_key!);
    },
    sign(turn) {
      signed += 1;
      const text = Buffer.from(JSON.stringify(turn)).toString("base64url");
      return `${text}.${macOf(keys[0]!, text).toString("base64url")}`;
    },
    open(token) {
      const [text = "", mac = ""] = token.split(".", 2);
      const given = Buffer.from(mac, "base64url");
      const unsaved = readToken(token);
      const isOurs = keys.some((key) => {
        const made = macOf(key, text);
        return made.length === given.length && timingSafeEqual(made, given);
      });
      return isOurs && unsaved !== null ? unsaved : undefined;
    },
    signed: () => signed,
  };
}

/** The error of a token that no node signed, or that is of another owner or conversation. */
export function refusedToken(): ChatkeepError {
  const detail = "This token is not valid for this conversation. Ask the question again.";
  return new ChatkeepError("invalid_request", detail, { pointer: "/token" });
}

/** The content of the token of an answer that was shown and not saved. */
export function unsavedOf(
  { key, question, replyId, createdAt }: NewTurn,
  answer: Answer,
  { status, error }: Ending,
): UnsavedTurn {
  const { parts, model, usage, intent, processed } = answer;
  return {
    ...key,
    createdAt,
    question: {
      id: question.id,
      parent: question.parent,
      parts: question.parts,
      contextText: question.contextText ?? null,
      metadata: question.metadata ?? null,
    },
    reply: { id: replyId, status, error, parts, model, usage, intent, processed },
  };
}

/** Stores an answer as it was shown during an outage. `isNew` is `false` if it was stored before. */
export async function importUnsavedTurn(
  database: Database,
  turn: UnsavedTurn,
): Promise<{ readonly isNew: boolean; readonly turn: Turn }> {
  const { question, reply } = turn;
  const [row] = await database.call("import_unsaved_turn", {
    ...argsOf(turn),
    parent: parentArgument(question.parent),
    created: turn.createdAt,
    message_id: question.id,
    reply_id: reply.id,
    body: question.parts,
    context_text: question.contextText,
    metadata: question.metadata,
    reply_status: settledStatus(reply, reply.parts),
    reply_body: reply.parts,
    reply_error: reply.error,
    reply_intent: reply.intent,
    reply_processed: reply.processed,
    reply_model: reply.model,
    reply_usage: reply.usage === null ? null : usageToWire(reply.usage),
    word_text: wordTextOf(question.parts),
    reply_word_text: wordTextOf(reply.parts),
    new_title: titleOf(question.parts),
    new_preview: previewOf(reply.parts),
  });
  return { isNew: row?.outcome === "imported", turn: turnFromRow(row?.turn as TurnRow) };
}

/** What settles an unsaved answer whose beginning was committed although no response of the database said so. */
export function settlingOf(live: LiveTurn): Omit<Settling, "key" | "node"> | undefined {
  const answer = live.answer();
  const { status, error } = answer;
  if (status === "running") return undefined;
  const ends = settledChunks(status, error);
  // Without the last chunks shown, which say that nothing is saved.
  const shown = live.shownAfter(1)!.slice(0, -ends.length);
  const chunks = [...shown.map(({ chunk }) => chunk), ...ends];
  const events = chunks.map((chunk, index) => ({ seq: index + 2, chunk }));
  return { status, error, answer, context: null, events };
}

/** What a responder gets for a turn that is answered without saving. */
export function unsavedContext(
  turn: NewTurn,
): Pick<Begun, "conversation" | "question" | "history" | "summary"> {
  return {
    // Stands for the one that cannot be read.
    conversation: {
      ...emptyConversation(turn.key.conversationId, new Date().toISOString()),
      userId: userIdOf(turn.owner),
    },
    question: unsavedQuestion(turn.owner, unsavedTurn(turn), turn.question),
    history: [],
    summary: null,
  };
}

/** A turn that is answered without saving. */
export function unsavedTurn({ key, question, replyId, createdAt }: NewTurn): Turn {
  return {
    id: key.turnId,
    conversationId: key.conversationId,
    status: "running",
    messageId: question.id,
    replyId,
    persisted: false,
    error: null,
    createdAt,
    settledAt: null,
  };
}
