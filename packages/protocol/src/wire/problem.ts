import { ChatkeepError, ERRORS, type ErrorCode, errorTitle } from "../errors.ts";
import { budgetOf } from "../usage.ts";
import { type WireBudget, budgetToWire } from "./usage.ts";

/** An error as JSON on the wire: `application/problem+json` (RFC 9457) with `error`, `code` and `detail`. */
export interface WireProblem {
  type: string;
  title: string;
  status: number;
  error: string;
  code: ErrorCode;
  detail: string;
  /** The id of the request in the operator's log. */
  instance: string;
  pointer?: string;
  turn_id?: string;
  retry_after?: number;
  budget?: WireBudget;
}

export function problemToWire(error: ChatkeepError, requestId: string): WireProblem {
  const budget = budgetOf(error);
  const title = errorTitle(error.code);
  return {
    type: `urn:chatkeep:error:${error.code}`,
    title,
    status: error.status,
    error: title,
    code: error.code,
    detail: error.message,
    instance: requestId,
    ...(error.pointer === undefined ? {} : { pointer: error.pointer }),
    ...(error.turnId === undefined ? {} : { turn_id: error.turnId }),
    ...(error.retryAfter === undefined ? {} : { retry_after: error.retryAfter }),
    ...(budget === undefined ? {} : { budget: budgetToWire(budget) }),
  };
}

/** When the body is no problem+json, such as a proxy's error page, the status decides. */
export function problemFromWire(body: unknown, status: number): ChatkeepError {
  const wire = (typeof body === "object" && body !== null ? body : {}) as Partial<WireProblem>;
  if (wire.code !== undefined && Object.hasOwn(ERRORS, wire.code)) {
    return new ChatkeepError(wire.code, wire.detail ?? errorTitle(wire.code), {
      pointer: wire.pointer,
      turnId: wire.turn_id,
      retryAfter: wire.retry_after,
    });
  }
  return new ChatkeepError(codeForStatus(status), `The server answered ${status} without saying why.`);
}

function codeForStatus(status: number): ErrorCode {
  if (status === 401) return "unauthenticated";
  if (status === 403) return "forbidden";
  if (status === 404) return "not_found";
  if (status === 405) return "method_not_allowed";
  if (status === 413) return "payload_too_large";
  if (status === 429) return "rate_limited";
  if (status >= 500) return "unavailable";
  return "invalid_request";
}
