import { brand } from "./brand.ts";

/** The error table: codes and their HTTP status. A code tells what the caller can do, not where the error happened. */
export const ERRORS = {
  invalid_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  conversation_not_found: 404,
  message_not_found: 404,
  turn_not_found: 404,
  file_not_found: 404,
  share_not_found: 404,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  turn_in_progress: 409,
  idempotency_mismatch: 409,
  events_expired: 410,
  payload_too_large: 413,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
  quota_exceeded: 507,
} as const;

/** A code of the error table. */
export type ErrorCode = keyof typeof ERRORS;

/** The title of a code: `Turn not found`. */
export function errorTitle(code: ErrorCode): string {
  return code === "internal" ? "Internal error" : code[0]!.toUpperCase() + code.slice(1).replaceAll("_", " ");
}

/** Optional fields of an error. */
export interface ErrorDetails {
  /** The invalid part of the request: a JSON Pointer (RFC 6901) such as `/content`, or the name of a parameter. */
  readonly pointer?: string | undefined;
  /** With `turn_in_progress`: the running turn, which the caller can follow. */
  readonly turnId?: string | undefined;
  /** With `unavailable` and `rate_limited`: seconds to wait before a retry. */
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/** Set on the prototype in every copy of this package: a bundle can hold two. */
const BRAND = Symbol.for("chatkeep.error");

/**
 * The only error class of both histories. Its message is a sentence that a person can act on. `instanceof` also accepts
 * errors of another copy of this package.
 */
export class ChatkeepError extends Error {
  static {
    brand(this, BRAND);
  }
  override readonly name = "ChatkeepError";
  readonly code: ErrorCode;
  readonly status: number;
  readonly pointer: string | undefined;
  readonly turnId: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, detail: string, details: ErrorDetails = {}) {
    super(detail, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = ERRORS[code];
    this.pointer = details.pointer;
    this.turnId = details.turnId;
    this.retryAfter = details.retryAfter;
  }
}

/** Whether `error` is a {@link ChatkeepError}, with this code if one is named. */
export function isChatkeepError(error: unknown, code?: ErrorCode): error is ChatkeepError {
  return error instanceof ChatkeepError && (code === undefined || error.code === code);
}
