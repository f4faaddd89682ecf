import { ChatkeepError, JSON_BOUNDS, boundJson } from "@chatkeep/protocol";

/** What a store takes at the most; each can be set when the history is made. */
export interface Limits {
  /** Code points of text in a person's message (default 10,000). */
  readonly userText: number;
  /** Bytes of any message's parts as JSON (default 4 MiB). */
  readonly messageBytes: number;
  /** UTF-16 units of an answer (default 8 Mi); a turn whose responder says more fails, and keeps what it said before. */
  readonly answerLength: number;
  /** Bytes of a message's or conversation's metadata as JSON (default 16 KiB). */
  readonly metadataBytes: number;
  /** Messages in one append (default 1,000). */
  readonly batch: number;
  /** UTF-16 units of text in one append of several messages (default 500,000: PostgreSQL indexes it in 0.2 s, Chinese in 2 s). */
  readonly batchText: number;
  /** Conversations of one owner, archived ones counted and deleted ones not (default 10,000). */
  readonly conversations: number;
}

/** The limits when none are given. */
export const DEFAULT_LIMITS: Limits = {
  userText: 10_000,
  messageBytes: 4 * 1024 * 1024,
  answerLength: 8 * 1024 * 1024,
  metadataBytes: 16 * 1024,
  batch: 1000,
  batchText: 500_000,
  conversations: 10_000,
};

/** An id that a client may give: printable ASCII without a space, so that it fits a key and, percent-encoded, a path. */
const ID = /^[!-~]{1,128}$/;
/** These two are taken out of every path, encoded or not, by every client that follows the URL standard. */
const NO_PATH = new Set([".", ".."]);

/** Refuses an id that could not be kept. Errors: `invalid_request`. */
export function checkId(id: string, pointer: string): void {
  if (!ID.test(id) || NO_PATH.has(id)) {
    throw new ChatkeepError(
      "invalid_request",
      "An id has 1 to 128 printable ASCII characters and no space.",
      { pointer },
    );
  }
}

/** A whole number within bounds, or the default where none is given. Errors: `invalid_request`. */
export function checkRange(
  value: number | undefined,
  name: string,
  low: number,
  high: number,
  otherwise: number,
): number {
  if (value === undefined) return otherwise;
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new ChatkeepError("invalid_request", `\`${name}\` must be a whole number from ${low} to ${high}.`, {
      pointer: name,
    });
  }
  return value;
}

/** Refuses text beyond a limit, counted in code points. Errors: `invalid_request`. */
export function checkLength(text: string | null | undefined, pointer: string, most: number): void {
  // A string has as many UTF-16 units as code points at least, and twice as many at most: others need no counting.
  if (text === null || text === undefined || text.length <= most) return;
  if (text.length <= 2 * most && Array.from(text).length <= most) return;
  const detail = `${pointer} must have at most ${most} characters.`;
  throw new ChatkeepError("invalid_request", detail, { pointer });
}

/**
 * A plain copy of a value that can be stored: what is checked is what is stored, whatever its getters say later. Errors:
 * `invalid_request` for what is no JSON, nested too deep, or holds too many values.
 */
export function plainJson<T extends object | null | undefined>(value: T, pointer: string): T {
  if (value === null || value === undefined) return value;
  const { json, fault } = boundJson(value, { ...JSON_BOUNDS, length: Number.POSITIVE_INFINITY });
  if (fault !== undefined) throw new ChatkeepError("invalid_request", `${pointer} ${fault}.`, { pointer });
  return json as T;
}

/** Refuses JSON beyond a limit, in bytes of UTF-8. Errors: `payload_too_large`. */
export function checkBytes(value: object | null | undefined, pointer: string, most: number): void {
  if (value === null || value === undefined) return;
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > most) {
    throw new ChatkeepError(
      "payload_too_large",
      `${pointer} has ${bytes} bytes; at most ${most} are taken.`,
      { pointer },
    );
  }
}

/** Refuses a title that is blank or too long. Errors: `invalid_request`. */
export function checkTitle(title: string | null): void {
  if (title?.trim() === "") {
    throw new ChatkeepError("invalid_request", "A title cannot be blank; null resets it.", {
      pointer: "/title",
    });
  }
  checkLength(title, "/title", 500);
}
