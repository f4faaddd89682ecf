import { type JsonObject, parseJson } from "./json.ts";
import type { Failure, Message, Usage } from "./message.ts";
import { type Owner, userIdOf } from "./owner.ts";
import { type Part, contentOf } from "./part.ts";
import type { Question, Turn, TurnStatus } from "./turn.ts";

/** The content of a token: an answer that an outage left unsaved, with everything needed to save it later. */
export interface UnsavedTurn {
  readonly ownerId: string;
  readonly conversationId: string;
  readonly turnId: string;
  readonly createdAt: string;
  readonly question: {
    readonly id: string;
    /** The message that it follows: `null` for the beginning; absent for the head at the time of the import. */
    readonly parent?: string | null | undefined;
    readonly parts: readonly Part[];
    readonly contextText: string | null;
    readonly metadata: JsonObject | null;
  };
  readonly reply: {
    readonly id: string;
    readonly status: Exclude<TurnStatus, "queued" | "running" | "waiting">;
    readonly error: Failure | null;
    readonly parts: readonly Part[];
    readonly model: string | null;
    readonly usage: Usage | null;
    readonly intent: string | null;
    readonly processed: boolean | null;
  };
}

/**
 * Decodes a token to display its answer; `null` for anything else. Only a server can verify the signature; see
 * `History.importTurn`.
 */
export function readToken(token: string): UnsavedTurn | null {
  try {
    const [text = ""] = token.split(".", 1);
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (unit) => unit.charCodeAt(0));
    return parseJson(new TextDecoder().decode(bytes)) as unknown as UnsavedTurn;
  } catch {
    return null;
  }
}

/**
 * The message of a question that an outage keeps from being stored. It has the number 0, which no stored message has.
 */
export function unsavedQuestion(owner: Owner, turn: Turn, question: Omit<Question, "role">): Message {
  const parts = question.parts ?? [{ type: "text", text: question.content ?? "" }];
  return {
    id: turn.messageId,
    seq: 0,
    conversationId: turn.conversationId,
    userId: userIdOf(owner),
    parentId: question.parent ?? null,
    versions: { index: 1, count: 1 },
    turnId: turn.id,
    role: "user",
    status: "complete",
    parts,
    content: contentOf(parts),
    toolCalls: null,
    toolCallId: null,
    citations: null,
    contextText: question.contextText ?? null,
    intent: null,
    processed: null,
    model: null,
    usage: null,
    error: null,
    metadata: question.metadata ?? null,
    feedback: null,
    createdAt: turn.createdAt,
    updatedAt: turn.createdAt,
  };
}
