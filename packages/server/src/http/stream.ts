import { DONE_FRAME, HEARTBEAT_FRAME, STREAM_HEADERS, type TurnEvent, encodeFrame } from "@chatkeep/protocol";

import type { Log } from "../log.ts";

/** Options of {@link streamEvents}. */
export interface StreamOptions extends ReaderOptions {
  /** Begins to follow; aborting the signal detaches the reader and leaves the turn alone. */
  readonly follow: (signal: AbortSignal) => AsyncIterable<TurnEvent> | Promise<AsyncIterable<TurnEvent>>;
}

/** Options of {@link streamFrames}. */
export interface FrameOptions extends ReaderOptions {
  /** Begins to follow; each piece is a frame or several. */
  readonly follow: (signal: AbortSignal) => AsyncIterable<string> | Promise<AsyncIterable<string>>;
  /** The frame after the last; `""` for none. */
  readonly done: string;
}

/** Who reads a stream. */
interface ReaderOptions {
  readonly request: Request;
  /** Cuts the connection of a reader that does not read. */
  readonly cut: (() => void) | undefined;
  /** Milliseconds between heartbeats; a reader that takes nothing for two of them is cut off. */
  readonly heartbeat: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly log: Log;
}

/**
 * How long the response waits for the first event, in milliseconds, so that `turn_not_found` or
 * `events_expired` is still a status. A running turn may say nothing for longer: then it begins anyway.
 */
const FIRST_EVENT_WAIT = 1_000;

/**
 * A turn's events as a response. It ends with `[DONE]` when the turn is settled; when the events fail before,
 * it ends without, and the reader resumes.
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

/**
 * Frames of server-sent events as a response. One is taken for each that the reader took, so what waits in
 * memory is one frame however slow the reader is.
 */
export async function streamFrames(options: FrameOptions): Promise<Response> {
  const { request, heartbeat, log, done } = options;
  const detach = new AbortController();
  const onAbort = (): void => detach.abort();
  request.signal.addEventListener("abort", onAbort, { once: true });
  const release = (): void => request.signal.removeEventListener("abort", onAbort);
  try {
    const events = (await options.follow(detach.signal))[Symbol.asyncIterator]();
    const first = events.next();
    await settledWithin(first, FIRST_EVENT_WAIT);
    const body = createBody({ events, first, done, detach, release, heartbeat, cut: options.cut, log });
    return new Response(body, { headers: { ...FRAME_HEADERS, ...options.headers } });
  } catch (error) {
    release();
    throw error;
  }
}

/** The headers of every stream of frames. */
const FRAME_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-store, no-transform",
  "x-accel-buffering": "no",
};

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

interface BodyOptions {
  readonly events: AsyncIterator<string>;
  readonly first: Promise<IteratorResult<string>>;
  readonly done: string;
  readonly detach: AbortController;
  readonly release: () => void;
  readonly heartbeat: number;
  readonly cut: (() => void) | undefined;
  readonly log: Log;
}

function createBody(options: BodyOptions): ReadableStream<Uint8Array> {
  const { events, detach, heartbeat, log } = options;
  let next: Promise<IteratorResult<string>> | undefined = options.first;
  /** Whether the reader asked for the frame that comes next. */
  let asked = false;
  /** How often the time of a heartbeat came while the reader had not taken what was sent. */
  let stalls = 0;
  let timer: NodeJS.Timeout | undefined;

  const end = (): void => {
    clearTimeout(timer);
    options.release();
  };
  const leave = (): void => {
    end();
    detach.abort();
    // Not awaited: it ends when the events notice the signal.
    void events.return?.().catch(() => undefined);
  };

  /** Called after a time in which nothing was sent and nothing asked for. */
  const onQuiet = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    const reading = asked && controller.desiredSize === 0;
    stalls = reading ? 0 : stalls + 1;
    if (stalls < 2) {
      if (reading) controller.enqueue(HEARTBEAT);
      timer?.refresh();
      return;
    }
    log.info({ heartbeat }, "cut off a reader that does not read");
    leave();
    if (options.cut === undefined) controller.error(new Error("The reader does not read."));
    else options.cut();
  };

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        timer = setTimeout(() => onQuiet(controller), heartbeat);
      },
      async pull(controller) {
        asked = true;
        stalls = 0;
        timer?.refresh();
        try {
          const result = await (next ?? events.next());
          next = undefined;
          if (result.done === true) {
            if (options.done !== "") controller.enqueue(encode(options.done));
            controller.close();
            end();
          } else {
            controller.enqueue(encode(result.value));
            timer?.refresh();
          }
        } catch (error) {
          if (!detach.signal.aborted) log.warn({ err: error }, "a stream broke off; its reader resumes");
          leave();
          controller.close();
        }
        asked = false;
      },
      cancel: leave,
    },
    // Nothing is read ahead of the reader.
    { highWaterMark: 0 },
  );
}

function encode(frame: string): Uint8Array {
  return Buffer.from(frame, "utf8");
}

const HEARTBEAT = encode(HEARTBEAT_FRAME);
