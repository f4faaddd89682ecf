import type { Answer, Failure, Message, MessageStatus, Part, Role, ShownAnswer } from "@chatkeep/protocol";

/**
 * Where a message stands between this page and the store: `queued` until the answer before it is finished,
 * `sending`, `saved`; `failed` when sending was given up, its text kept; `unsaved` when it was answered during an
 * outage without being saved.
 */
export type Delivery = "queued" | "sending" | "saved" | "failed" | "unsaved";

/** One message as it is shown. The same object as long as nothing of it has changed. */
export interface Entry {
  /** The message's id: the same from the moment of sending to every later reload. */
  readonly id: string;
  readonly role: Role;
  readonly parts: readonly Part[];
  readonly status: MessageStatus;
  readonly delivery: Delivery;
  /** Why the answer failed, or why the question could not be sent. */
  readonly error: Failure | null;
  /** What the person had selected when asking. */
  readonly contextText: string | null;
  readonly model: string | null;
  /** ISO 8601; `null` while the server has not said. */
  readonly createdAt: string | null;
}

/** A stored message as an entry. */
export function storedEntry(message: Message): Entry {
  const { id, role, parts, status, error, contextText, model, createdAt } = message;
  return { id, role, parts, status, delivery: "saved", error, contextText, model, createdAt };
}

/** A question on its way as an entry. */
export function questionEntry(question: {
  readonly id: string;
  readonly text: string;
  readonly contextText: string | null;
  readonly delivery: Delivery;
  readonly failure: string | null;
}): Entry {
  const { id, text, contextText, delivery, failure } = question;
  return {
    id,
    role: "user",
    parts: [{ type: "text", text }],
    status: "complete",
    delivery,
    error: failure === null ? null : { code: "not_sent", detail: failure },
    contextText,
    model: null,
    createdAt: null,
  };
}

/** An answer as its events tell it, as an entry. */
export function answerEntry(
  id: string,
  answer: Answer,
  persisted: Extract<Delivery, "saved" | "unsaved">,
): Entry {
  return {
    id,
    role: "assistant",
    parts: answer.parts,
    status: answer.status === "running" ? "streaming" : answer.status,
    delivery: persisted,
    error: answer.error,
    contextText: null,
    model: answer.model,
    createdAt: null,
  };
}

/** An answer that was shown before a reload and is not saved yet, as an entry. */
export function shownEntry({ replyId, parts, status }: ShownAnswer): Entry {
  const nothing = { error: null, contextText: null, model: null, createdAt: null };
  return { id: replyId, role: "assistant", parts, status, delivery: "unsaved", ...nothing };
}
