import { ChatkeepError, ERRORS, type ErrorCode, errorTitle } from "@chatkeep/protocol";

import { budgetError } from "../budgets.ts";

/** The SQLSTATE of errors that our functions raise; the message is a code of the error table. */
const RAISED = "CK000";

/** The SQLSTATE for a node that was fenced as dead. */
const NODE_FENCED = "CK001";

const SENTENCES: Partial<Record<ErrorCode, string>> = {
  conversation_not_found: "There is no conversation with this id.",
  message_not_found: "There is no message with this id in the conversation.",
  file_not_found: "There is no file with this id.",
  turn_not_found: "There is no turn with this id in the conversation.",
  forbidden: "This belongs to somebody else.",
  turn_in_progress:
    "An answer is still being given in this conversation. Follow it, or stop it, before asking again.",
  idempotency_mismatch:
    "A message with this id was stored with another body. Use a new id for a new message.",
};

/** SQLSTATEs of temporary failures, besides the classes 08 and 53. */
const PASSING = new Set([
  "25P03",
  "55P03",
  "57014",
  "57P01",
  "57P02",
  "57P03",
  "57P05",
  "58030",
  "25006",
  "40001",
  "40P01",
]);

/** SQLSTATEs of a missing schema, function or table: `migrate` has not run. */
const NOT_SET_UP = new Set(["3F000", "42883", "42P01"]);

/** Codes and messages of connection errors in Node and `pg`, which have no SQLSTATE. */
const CONNECTION =
  /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT|EACCES)|connection|timeout/i;

/** The fields that `pg` sets on an error. */
interface DriverError extends Partial<Error> {
  readonly code?: string;
  readonly detail?: string;
  readonly constraint?: string;
}

/**
 * Converts the driver's errors by SQLSTATE and constraint name, and keeps the original as `cause`. The server's message
 * stays in `cause` only, because it may quote what a person wrote.
 */
export function failureOf(thrown: unknown): ChatkeepError {
  if (thrown instanceof ChatkeepError) return thrown;
  const error = thrown as DriverError;
  const state = error.code ?? "";
  if (state === RAISED && Object.hasOwn(ERRORS, error.message ?? "")) {
    const code = error.message as ErrorCode;
    if (code === "rate_limited") return budgetError(error.detail ?? "", error);
    const details = { cause: error, turnId: code === "turn_in_progress" ? error.detail : undefined };
    return new ChatkeepError(code, SENTENCES[code] ?? error.detail ?? errorTitle(code), details);
  }
  if (isPoolFull(error)) return busy(error);
  if (isPoolEnded(error)) return goingDown(error);
  if (isUnavailable(error)) return unavailable(error);
  if (NOT_SET_UP.has(state)) {
    const detail =
      "The database is not set up for this release. Nothing is lost; its operator has to migrate it.";
    return new ChatkeepError("unavailable", detail, { retryAfter: 10, cause: error });
  }
  if (state.startsWith("23") && error.constraint !== undefined) {
    return new ChatkeepError("conflict", `This violates the constraint ${error.constraint}.`, {
      cause: error,
    });
  }
  return new ChatkeepError(
    "internal",
    "Something went wrong on our side. The request's id tells the operator what.",
    {
      cause: error,
    },
  );
}

export function conversationNotFound(): ChatkeepError {
  return new ChatkeepError("conversation_not_found", "There is no conversation with this id.");
}

export function idempotencyMismatch(): ChatkeepError {
  return new ChatkeepError("idempotency_mismatch", SENTENCES.idempotency_mismatch!);
}

export function unavailable(cause: unknown): ChatkeepError {
  const detail = "The conversations cannot be reached just now. Nothing is lost; try again in a moment.";
  return new ChatkeepError("unavailable", detail, { retryAfter: 2, cause });
}

/** The error of a process that takes on nothing more. */
export function goingDown(cause?: unknown): ChatkeepError {
  const detail = "This server is going down. Try again in a moment.";
  return new ChatkeepError("unavailable", detail, { retryAfter: 1, cause });
}

/** The error of a full pool, while the database is up. */
function busy(cause: unknown): ChatkeepError {
  const detail = "The server is busy. Nothing is lost; try again in a moment.";
  return new ChatkeepError("unavailable", detail, { retryAfter: 2, cause });
}

/** Whether a call timed out waiting for a connection of the pool. That is no outage. */
export function isPoolFull(thrown: unknown): boolean {
  const cause = thrown instanceof ChatkeepError ? thrown.cause : thrown;
  // pg-pool's message for its queue. A connection attempt that times out has "Connection terminated due to …".
  return (cause as DriverError | undefined)?.message === "timeout exceeded when trying to connect";
}

/** Whether the pool was ended: its process is going down, and a request came or was still served. */
function isPoolEnded(error: DriverError): boolean {
  // pg-pool has no code for it.
  return error.message === "Cannot use a pool after calling end on the pool";
}

/** Whether a function refused this node because it was fenced as dead. */
export function isFenced(thrown: unknown): boolean {
  const cause = thrown instanceof ChatkeepError ? thrown.cause : thrown;
  return (cause as DriverError | undefined)?.code === NODE_FENCED;
}

/**
 * Whether the server ended this one connection. Others may work: after a crash a pool can hold many dead connections, and
 * notices each one when it is used.
 */
export function isConnectionLost(thrown: unknown): boolean {
  const { code = "", message = "" } = thrown as DriverError;
  return (
    code === "57P01" ||
    code === "57P02" ||
    code === "ECONNRESET" ||
    code === "EPIPE" ||
    /Connection terminated|not queryable/.test(message)
  );
}

/** Whether the transaction lost against a concurrent one and was rolled back: it can be repeated, whatever it does. */
export function isConflict(thrown: unknown): boolean {
  const { code } = thrown as DriverError;
  return code === "40001" || code === "40P01";
}

/** Whether the connection was lost, or the server is temporarily unable to answer. */
export function isUnavailable(thrown: unknown): boolean {
  const { code = "", message = "" } = thrown as DriverError;
  // 08: connection exceptions. 53: out of connections, memory or disk space.
  if (PASSING.has(code) || /^(08|53)...$/.test(code)) return true;
  // A SQLSTATE has five characters with a digit among them; EPIPE has none.
  const isSqlState = /^(?=.*\d)[0-9A-Z]{5}$/.test(code);
  return !isSqlState && (CONNECTION.test(code) || CONNECTION.test(message));
}
