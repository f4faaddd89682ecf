import type {
  Answer,
  Failure,
  Message,
  MessageStatus,
  Part,
  Role,
  UnsavedTurn,
  Usage,
} from "@chatkeep/protocol";

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
  /** Its number in the conversation; `null` while it is not read back from the store. */
  readonly seq: number | null;
  readonly turnId: string | null;
  /** The message that it follows, `null` for the first; `undefined` while that is not known. */
  readonly parentId?: string | null | undefined;
  /** Which version of a message this is, of how many. */
  readonly versions: Message["versions"];
  readonly role: Role;
  readonly parts: readonly Part[];
  readonly status: MessageStatus;
  readonly delivery: Delivery;
  /** Why the answer failed, or why the question could not be sent. */
  readonly error: Failure | null;
  /** What the person had selected when asking. */
  readonly contextText: string | null;
  readonly model: string | null;
  /** Tokens and cost, where the model's server tells them. */
  readonly usage: Usage | null;
  /** ISO 8601; `null` while the server has not said. */
  readonly createdAt: string | null;
}

/** What an entry has when nothing else is known of it. */
const NOTHING = {
  seq: null,
  turnId: null,
  versions: { index: 1, count: 1 },
  error: null,
  contextText: null,
  model: null,
  usage: null,
  createdAt: null,
} as const;

/** A stored message as an entry. */
export function storedEntry(message: Message): Entry {
  const { id, seq, turnId, parentId, versions, role, parts, status, error } = message;
  const { contextText, model, usage, createdAt } = message;
  return {
    id,
    seq,
    turnId,
    parentId,
    versions,
    role,
    parts,
    status,
    delivery: "saved",
    error,
    contextText,
    model,
    usage,
    createdAt,
  };
}

/** One that waits, or could not be sent, stands after the version that it would be shown in place of. */
export function isShownInPlace(delivery: Delivery): boolean {
  return delivery !== "queued" && delivery !== "failed";
}

/** A question on its way as an entry. */
export function questionEntry(question: {
  readonly id: string;
  readonly text: string;
  readonly contextText: string | null;
  readonly delivery: Delivery;
  readonly failure: string | null;
  readonly replaces: { readonly parentId?: string | null | undefined } | null;
}): Entry {
  const { id, text, contextText, delivery, failure, replaces } = question;
  return {
    ...NOTHING,
    id,
    parentId: isShownInPlace(delivery) ? replaces?.parentId : undefined,
    role: "user",
    parts: [{ type: "text", text }],
    status: "complete",
    delivery,
    error: failure === null ? null : { code: "not_sent", detail: failure },
    contextText,
  };
}

/** An answer as its events tell it, as an entry. */
export function answerEntry(live: {
  readonly replyId: string;
  readonly turnId: string;
  readonly persisted: boolean;
  readonly answer: Answer;
}): Entry {
  const { parts, status, error, model, usage } = live.answer;
  return {
    ...NOTHING,
    id: live.replyId,
    turnId: live.turnId,
    role: "assistant",
    parts,
    status: status === "running" ? "streaming" : status,
    delivery: live.persisted ? "saved" : "unsaved",
    error,
    model,
    usage,
  };
}

/** An answer that was shown before a reload and is not saved yet, as an entry. */
export function unsavedEntry({ turnId, reply }: UnsavedTurn): Entry {
  const { id, parts, status } = reply;
  return { ...NOTHING, id, turnId, role: "assistant", parts, status, delivery: "unsaved" };
}
