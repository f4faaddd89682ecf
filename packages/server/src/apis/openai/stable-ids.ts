import { createHash, randomUUID } from "node:crypto";

import { type IdempotencyKeys, ownerId } from "@chatkeep/core";
import { ChatkeepError, type MessageInput, type Owner, isChatkeepError } from "@chatkeep/protocol";

/** The ids of everything that a POST stores. They are equal in each attempt, so a retry stores nothing twice. */
export interface StableIds {
  /** The id of the conversation, of the answer, or of a message by its place in the body. */
  idOf(what: "conversation" | "reply" | number): Promise<string>;
  /** Adds ids to messages that have none. */
  withIds<T extends MessageInput>(messages: readonly T[]): Promise<(T & { id: string })[]>;
}

/** Options of {@link stableIds}. */
export interface StableIdOptions {
  readonly history: IdempotencyKeys;
  readonly owner: Owner;
  readonly request: Request;
  /** `performance.now()` when the request came. */
  readonly arrived: number;
  readonly body: unknown;
}

/**
 * Derives ids from the request's `Idempotency-Key`, or else from a key that the history claims: OpenAI's clients send no
 * key, and mark a retry only by `x-stainless-retry-count`.
 */
export function stableIds({ history, owner, request, arrived, body }: StableIdOptions): StableIds {
  const { pathname } = new URL(request.url);
  const header = request.headers.get("idempotency-key");
  if (header !== null && (header === "" || header.length > 255)) {
    const detail = "The header Idempotency-Key must have 1 to 255 characters.";
    throw new ChatkeepError("invalid_request", detail, { pointer: "Idempotency-Key" });
  }
  const claim = async (): Promise<string> => {
    if (header !== null) return JSON.stringify([ownerId(owner), pathname, header]);
    const content = JSON.stringify([pathname, body]);
    const attempt = Number(request.headers.get("x-stainless-retry-count") ?? 0) > 0 ? 1 : 0;
    try {
      const waited = performance.now() - arrived;
      const key = await history.claimIdempotencyKey(owner, { content, attempt, waited });
      // The client may retry from now on. In an outage its retry fails too.
      const extend = (): unknown => history.extendIdempotencyKey(owner, content, key).catch(() => undefined);
      request.signal.addEventListener("abort", extend, { once: true });
      return key;
    } catch (error) {
      // In an outage a session is answered unsaved, so nothing is stored under this key.
      if (isChatkeepError(error, "unavailable")) return randomUUID();
      throw error;
    }
  };
  let key: Promise<string> | undefined;
  const idOf: StableIds["idOf"] = async (what) => uuidOf(`${await (key ??= claim())} ${what}`);
  return {
    idOf,
    withIds: (messages) =>
      Promise.all(
        messages.map(async (message, index) => ({ ...message, id: message.id ?? (await idOf(index)) })),
      ),
  };
}

/** Derives a UUID (version 8, RFC 9562) from a text. */
function uuidOf(text: string): string {
  const hash = createHash("sha256").update(text).digest().subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
