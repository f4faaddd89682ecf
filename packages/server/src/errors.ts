import { type ErrorCode, isChatkeepError } from "@chatkeep/protocol";

/** Where an error happened; what is not given is not known. */
interface ErrorPlace {
  /** The id that the reply carried and the log has. */
  readonly requestId?: string;
  readonly turnId?: string | undefined;
  /** The route's path as a template, without ids. */
  readonly route?: string | undefined;
}

/** An error as an operator is told of it: never a word of anybody, which an error's own message may quote. */
export interface RecentError {
  /** ISO 8601. */
  readonly at: string;
  readonly requestId: string | null;
  readonly turnId: string | null;
  readonly route: string | null;
  readonly code: ErrorCode;
  /** A sentence of ours. */
  readonly detail: string;
  /** What was behind it, by its name and code (`DatabaseError 57P01`); the log has the rest. */
  readonly cause: string | null;
}

/** The last errors of this process; see {@link createRecentErrors}. */
export interface RecentErrors {
  /** Keeps that something was thrown. */
  record(thrown: unknown, place?: ErrorPlace): void;
  /** The latest first. */
  list(): readonly RecentError[];
}

/** Options of {@link createRecentErrors}. */
export interface RecentErrorsOptions {
  /** How many are kept at most (default 100): an outage answers with the same one many times a second. */
  readonly most?: number;
}

/** Keeps the last errors in memory, for the operator's page; the log keeps all of them. */
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
