import pino, { type DestinationStream, type Logger } from "pino";

/** What of a logger is used here; pino's has this shape. */
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
  /** Where lines of JSON go; default standard output. */
  readonly destination?: DestinationStream;
}

/** A log of JSON lines (pino) in which an error never carries what a person wrote. */
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
 * An error for the log: its name, code, sentence, stack and causes. PostgreSQL's `detail` and `where`
 * are left out, and its message where it quotes values; so is a parser's, which quotes its input.
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

/** The stack without its first lines, which repeat the message. */
function framesOf(error: Error): string {
  const lines = (error.stack ?? "").split("\n");
  return lines.filter((line) => /^\s+at /.test(line)).join("\n");
}
