import { type ErrorCode, isChatkeepError } from "@chatkeep/protocol";

/** Where an error happened, as far as it is known. */
interface ErrorPlace {
  /** The id in the reply and in the log. */
  readonly requestId?: string;
  readonly turnId?: string | undefined;
  /** The route's path as a template, without ids. */
  readonly route?: string | undefined;
}

/** An error for the operator's page. It quotes no message: the message of a thrown error may contain chat text. */
interface RecentError {
  /** ISO 8601. */
  readonly at: string;
  readonly requestId: string | null;
  readonly turnId: string | null;
  readonly route: string | null;
  readonly code: ErrorCode;
  /** A sentence without data. */
  readonly detail: string;
  /** The name and code of the underlying error, such as `DatabaseError 57P01`. The log has the rest. */
  readonly cause: string | null;
}

/** The last errors of this process; see {@link createRecentErrors}. */
export interface RecentErrors {
  /** Records anything that was thrown. */
  record(thrown: unknown, place?: ErrorPlace): void;
  /** The latest first. */
  list(): readonly RecentError[];
}

/** Options of {@link createRecentErrors}. */
export interface RecentErrorsOptions {
  /** How many are kept (default 100). In an outage, many requests a second fail alike. */
  readonly most?: number;
}

/** Keeps the last errors in memory. The log has all of them. */
export function createRecentErrors({ most = 100 }: RecentErrorsOptions = {}): RecentErrors {
  let kept: RecentError[] = [];
  return {
    record(thrown, { requestId, turnId, route } = {}) {
      const isOurs = isChatkeepError(thrown);
      const error: RecentError = {
        at: new Date().toISOString(),
        requestId: requestId ?? null,
        turnId: turnId ?? null,
        route: route ?? null,
        code: isOurs ? thrown.code : "internal",
        detail: isOurs ? thrown.message : "A background task failed. See the log.",
        cause: causeOf(isOurs ? thrown.cause : thrown),
      };
      kept = [error, ...kept].slice(0, most);
    },
    list: () => kept,
  };
}

function causeOf(cause: unknown): string | null {
  if (!(cause instanceof Error)) return null;
  const { code } = cause as { code?: unknown };
  return typeof code === "string" ? `${cause.name} ${code}` : cause.name;
}
