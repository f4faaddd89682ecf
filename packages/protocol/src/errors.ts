import { brand } from "./brand.ts";

/** The error table. A code tells what the caller can do, not where the error happened. `status` is the HTTP status. */
export const ERRORS = {
  invalid_request: { status: 400, title: "Invalid request" },
  unauthenticated: { status: 401, title: "Unauthenticated" },
  forbidden: { status: 403, title: "Forbidden" },
  conversation_not_found: { status: 404, title: "Conversation not found" },
  message_not_found: { status: 404, title: "Message not found" },
  turn_not_found: { status: 404, title: "Turn not found" },
  file_not_found: { status: 404, title: "File not found" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "Method not allowed" },
  conflict: { status: 409, title: "Conflict" },
  turn_in_progress: { status: 409, title: "Turn in progress" },
  idempotency_mismatch: { status: 409, title: "Idempotency mismatch" },
  events_expired: { status: 410, title: "Events expired" },
  payload_too_large: { status: 413, title: "Payload too large" },
  rate_limited: { status: 429, title: "Rate limited" },
  internal: { status: 500, title: "Internal error" },
  unavailable: { status: 503, title: "Unavailable" },
  quota_exceeded: { status: 507, title: "Quota exceeded" },
} as const;

/** A code of the error table. */
export type ErrorCode = keyof typeof ERRORS;

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
    this.status = ERRORS[code].status;
    this.pointer = details.pointer;
    this.turnId = details.turnId;
    this.retryAfter = details.retryAfter;
  }
}

/** Whether `error` is a {@link ChatkeepError}, with this code if one is named. */
export function isChatkeepError(error: unknown, code?: ErrorCode): error is ChatkeepError {
  return error instanceof ChatkeepError && (code === undefined || error.code === code);
}
