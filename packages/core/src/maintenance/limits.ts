import { ChatkeepError, JSON_BOUNDS, boundJson } from "@chatkeep/protocol";

/** Maximum sizes. Each can be set with `createHistory`. */
export interface Limits {
  /** Code points of a person's message. Default 10,000. */
  readonly userText: number;
  /** Bytes of a message's parts as JSON. Default 4 MiB. */
  readonly messageBytes: number;
  /** UTF-16 units of an answer. Default 8 Mi. A longer answer fails its turn and keeps the text before. */
  readonly answerLength: number;
  /** Bytes of a message's or conversation's metadata as JSON. Default 16 KiB. */
  readonly metadataBytes: number;
  /** Messages in one append. Default 1,000. */
  readonly batch: number;
  /** UTF-16 units of text in one append of several messages (default 500,000: PostgreSQL indexes it in 0.2 s, Chinese in 2 s). */
  readonly batchText: number;
  /** Conversations of one owner, without deleted ones. Default 10,000. */
  readonly conversations: number;
}

/** The default limits. */
export const DEFAULT_LIMITS: Limits = {
  userText: 10_000,
  messageBytes: 4 * 1024 * 1024,
  answerLength: 8 * 1024 * 1024,
  metadataBytes: 16 * 1024,
  batch: 1000,
  batchText: 500_000,
  conversations: 10_000,
};

/** An id of a client: printable ASCII without a space, so that it fits a key and, percent-encoded, a path. */
const ID = /^[!-~]{1,128}$/;
/** URL parsers remove these two from every path, even percent-encoded. */
const NO_PATH = new Set([".", ".."]);

/** Checks an id. Errors: `invalid_request`. */
export function checkId(id: string, pointer: string): void {
  if (!ID.test(id) || NO_PATH.has(id)) {
    throw new ChatkeepError(
      "invalid_request",
      "An id has 1 to 128 printable ASCII characters and no space.",
      { pointer },
    );
  }
}

/** Checks an integer within bounds; `undefined` gives the default. Errors: `invalid_request`. */
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

/** Checks the length of a text in code points. Errors: `invalid_request`. */
export function checkLength(text: string | null | undefined, pointer: string, most: number): void {
  // A code point has one or two UTF-16 units: only lengths between need counting.
  if (text === null || text === undefined || text.length <= most) return;
  if (text.length <= 2 * most && Array.from(text).length <= most) return;
  const detail = `${pointer} must have at most ${most} characters.`;
  throw new ChatkeepError("invalid_request", detail, { pointer });
}

/**
 * Copies a value to plain JSON, so that the checked value is the stored one. Errors: `invalid_request` for a value that is
 * not JSON, is nested too deep, or holds too many values.
 */
export function plainJson<T extends object | null | undefined>(value: T, pointer: string): T {
  if (value === null || value === undefined) return value;
  const { json, fault } = boundJson(value, { ...JSON_BOUNDS, length: Number.POSITIVE_INFINITY });
  if (fault !== undefined) throw new ChatkeepError("invalid_request", `${pointer} ${fault}.`, { pointer });
  return json as T;
}

/** Checks the size of JSON in bytes of UTF-8. Errors: `payload_too_large`. */
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

/** Checks a title. Errors: `invalid_request` for a blank or long one. */
export function checkTitle(title: string | null): void {
  if (title?.trim() === "") {
    throw new ChatkeepError("invalid_request", "A title cannot be blank; null resets it.", {
      pointer: "/title",
    });
  }
  checkLength(title, "/title", 500);
}
