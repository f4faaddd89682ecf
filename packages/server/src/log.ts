import pino, { type DestinationStream, type Logger } from "pino";

/** A logger, such as pino's. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Options of {@link createLog}. */
export interface LogOptions {
  /** `trace`, `debug`, `info` (default), `warn`, `error`, `fatal` or `silent`. */
  readonly level?: string;
  /** Receives the lines of JSON. Default: standard output. */
  readonly destination?: DestinationStream;
}

/** A log of JSON lines (pino). Its errors never contain chat text. */
export function createLog({ level = "info", destination }: LogOptions = {}): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** SQLSTATE classes whose messages quote values: data exception, integrity constraint violation. */
const QUOTING = /^2[23]...$/;

/**
 * Serializes an error: its name, code, message, stack and causes. PostgreSQL's `detail` and `where` are left out, and so
 * are messages that quote values: of some SQLSTATEs, and of parsers.
 */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code, constraint, routine } = error as { code?: unknown; constraint?: unknown; routine?: unknown };
  const quotes = error instanceof SyntaxError || (typeof code === "string" && QUOTING.test(code));
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    ...(constraint === undefined ? {} : { constraint }),
    ...(routine === undefined ? {} : { routine }),
    ...(quotes ? {} : { message: error.message }),
    stack: framesOf(error),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}

/** The stack without the message. */
function framesOf(error: Error): string {
  const lines = (error.stack ?? "").split("\n");
  return lines.filter((line) => /^\s+at /.test(line)).join("\n");
}
