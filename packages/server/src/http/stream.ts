import { DONE_FRAME, HEARTBEAT_FRAME, STREAM_HEADERS, type TurnEvent, encodeFrame } from "@chatkeep/protocol";

import type { Log } from "../log.ts";
import type { Connection } from "./connection.ts";

/** The reader of a stream. */
interface ReaderOptions {
  readonly request: Request;
  readonly connection: Connection;
  /** Milliseconds between heartbeats. A reader that takes nothing for two of them is cut off. */
  readonly heartbeat: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly log: Log;
}

/** Options of {@link streamEvents}. */
export interface StreamOptions extends ReaderOptions {
  /** Starts following. Aborting the signal detaches the reader; the turn goes on. */
  readonly follow: (signal: AbortSignal) => AsyncIterable<TurnEvent> | Promise<AsyncIterable<TurnEvent>>;
}

/** Options of {@link streamFrames}. */
export interface FrameOptions extends ReaderOptions {
  /** Starts following. Each piece holds one or more frames. */
  readonly follow: (signal: AbortSignal) => AsyncIterable<string> | Promise<AsyncIterable<string>>;
  /** The frame after the last (default none). */
  readonly done?: string;
}

/** Options of {@link streamLines}. */
export interface LineOptions extends Omit<ReaderOptions, "heartbeat"> {
  /** The values to write, one JSON value a line. Left early when the reader leaves. */
  readonly lines: AsyncIterable<object>;
}

/** Options of {@link streamBytes}. */
export interface BytesOptions extends Omit<ReaderOptions, "heartbeat"> {
  readonly pieces: AsyncIterable<string | Uint8Array>;
  readonly status: number;
}

/**
 * How long the response waits for the first event, in milliseconds, so that `turn_not_found` and `events_expired` are
 * still a status. A running turn may be silent for longer; the response then begins without an event.
 */
const FIRST_EVENT_WAIT = 1_000;

/**
 * Sends a turn's events. The stream ends with `[DONE]` when the turn is settled. When the events fail earlier it ends
 * without, and the reader resumes.
 */
export async function streamEvents(options: StreamOptions): Promise<Response> {
  return streamFrames({
    ...options,
    headers: { ...STREAM_HEADERS, ...options.headers },
    follow: async (signal) => framesOf(await options.follow(signal)),
    done: DONE_FRAME,
  });
}

async function* framesOf(events: AsyncIterable<TurnEvent>): AsyncGenerator<string, void, void> {
  for await (const event of events) yield encodeFrame(event);
}

/** Sends frames of server-sent events. However slow the reader is, one piece waits in memory. */
export async function streamFrames({ follow, done = "", ...options }: FrameOptions): Promise<Response> {
  const detached = new AbortController();
  const signal = AbortSignal.any([options.request.signal, detached.signal]);
  const frames = (await follow(signal))[Symbol.asyncIterator]();
  const first = frames.next();
  await settledWithin(first, FIRST_EVENT_WAIT);
  const body = createBody({
    ...options,
    pieces: frames,
    first,
    done,
    quiet: HEARTBEAT_FRAME,
    leave: () => detached.abort(),
    onError(error, controller) {
      if (!signal.aborted) options.log.warn({ err: error }, "a stream broke off; its reader resumes");
      controller.close();
    },
  });
  const headers = { ...FRAME_HEADERS, ...options.headers, ...sendAtOnce(options.connection) };
  return new Response(body, { headers });
}

const FRAME_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-store, no-transform",
  "x-accel-buffering": "no",
};

/**
 * Makes Node send the head of a response with its first frame: the adapter would wait a millisecond to learn the length.
 * HTTP/1.0, which many proxies speak, has no chunks.
 */
function sendAtOnce({ incoming, outgoing }: Connection): Record<string, string> {
  if (incoming?.httpVersion !== "1.1") return {};
  const socket = outgoing?.socket;
  socket?.cork();
  setImmediate(() => socket?.uncork());
  return { "transfer-encoding": "chunked" };
}

/** Waits for `promise`, but no longer than `ms`. Rejects when it is rejected by then. */
async function settledWithin(promise: Promise<unknown>, ms: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Sends JSON Lines of any length in constant memory. What fails before the first piece still has a status; what fails
 * later cuts the body off before its last line.
 */
export function streamLines({ lines, ...options }: LineOptions): Promise<Response> {
  return streamBytes({ ...options, pieces: piecesOf(lines), status: 200 });
}

/**
 * Sends bytes of any length in constant memory. What fails before the first piece still has a status; what fails later
 * cuts the body off.
 */
export async function streamBytes({ pieces: given, ...options }: BytesOptions): Promise<Response> {
  const pieces = given[Symbol.asyncIterator]();
  const first = Promise.resolve(await pieces.next());
  const body = createBody({
    ...options,
    heartbeat: LINES_HEARTBEAT,
    pieces,
    first,
    onError(error, controller) {
      options.log.warn({ err: error }, "a body broke off");
      controller.error(error);
    },
  });
  return new Response(body, options);
}

/** A reader that takes nothing for two of them is cut off: 60 s, for a disk is slow at times. */
const LINES_HEARTBEAT = 30_000;
/** Characters that are sent at once. A piece for each line would cost ten times as much. */
const PIECE = 64 * 1024;

async function* piecesOf(lines: AsyncIterable<object>): AsyncGenerator<string, void, void> {
  let text = "";
  for await (const line of lines) {
    text += `${JSON.stringify(line)}\n`;
    if (text.length < PIECE) continue;
    yield text;
    text = "";
  }
  if (text !== "") yield text;
}

interface BodyOptions extends ReaderOptions {
  readonly pieces: AsyncIterator<string | Uint8Array>;
  readonly first: Promise<IteratorResult<string | Uint8Array>>;
  /** Sent after the last piece. */
  readonly done?: string;
  /** Sent to a reader that waits for a heartbeat's time. */
  readonly quiet?: string;
  /** Called when the reader leaves. */
  readonly leave?: () => void;
  readonly onError: (error: unknown, controller: ReadableStreamDefaultController<Uint8Array>) => void;
}

function createBody(options: BodyOptions): ReadableStream<Uint8Array> {
  const { pieces, done = "", quiet = "", heartbeat, log, connection } = options;
  let next: Promise<IteratorResult<string | Uint8Array>> | undefined = options.first;
  let isReading = false;
  /** Heartbeats during which the reader took nothing. */
  let stalls = 0;
  let timer: NodeJS.Timeout | undefined;

  const leave = (): void => {
    clearTimeout(timer);
    options.leave?.();
    // Not awaited: it ends when the source notices the signal.
    void pieces.return?.().catch(() => undefined);
  };

  /** Called when nothing was sent and nothing asked for. */
  const onQuiet = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    const isWaiting = isReading && controller.desiredSize === 0;
    stalls = isWaiting ? 0 : stalls + 1;
    if (stalls < 2) {
      if (isWaiting && quiet !== "") controller.enqueue(encode(quiet));
      timer?.refresh();
      return;
    }
    log.info({ heartbeat }, "cut off a reader that does not read");
    leave();
    if (connection.outgoing === undefined) controller.error(new Error("The reader does not read."));
    else connection.outgoing.destroy();
  };

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        timer = setTimeout(() => onQuiet(controller), heartbeat);
      },
      async pull(controller) {
        isReading = true;
        stalls = 0;
        timer?.refresh();
        try {
          const result = await (next ?? pieces.next());
          next = undefined;
          if (result.done === true) {
            if (done !== "") controller.enqueue(encode(done));
            controller.close();
            clearTimeout(timer);
          } else {
            controller.enqueue(encode(result.value));
            timer?.refresh();
          }
        } catch (error) {
          options.onError(error, controller);
          leave();
        }
        isReading = false;
      },
      cancel: leave,
    },
    // Nothing is read ahead of the reader.
    { highWaterMark: 0 },
  );
}

function encode(piece: string | Uint8Array): Uint8Array {
  return typeof piece === "string" ? Buffer.from(piece, "utf8") : piece;
}
