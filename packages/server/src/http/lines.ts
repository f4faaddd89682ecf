import type { Log } from "../log.ts";

/** Options of {@link streamLines}. */
export interface LinesOptions {
  /** What to write, one JSON value a line; left early when the reader leaves. */
  readonly lines: AsyncIterable<object>;
  readonly request: Request;
  /** Cuts the connection of a reader that does not read. */
  readonly cut: (() => void) | undefined;
  readonly log: Log;
  /** Milliseconds without reading after which the reader is cut off (default 60,000). */
  readonly patience?: number;
}

/** Bytes that are sent at once: a line a piece would cost ten times as much. */
const PIECE = 64 * 1024;

/**
 * JSON Lines as a body of any length in constant memory: a piece is made when the one before is taken. The
 * first is made before this resolves, so that what fails at the beginning still has a status; what fails
 * later cuts the body off before its last line.
 */
export async function streamLines(options: LinesOptions): Promise<ReadableStream<Uint8Array>> {
  const { patience = 60_000, cut, log } = options;
  const lines = options.lines[Symbol.asyncIterator]();
  const leave = (): void => {
    clearTimeout(timer);
    void lines.return?.().catch(() => undefined);
  };
  const onStalled = (): void => {
    log.info({ patience }, "cut off a reader that does not read");
    leave();
    cut?.();
  };
  let timer: NodeJS.Timeout | undefined;

  /** The next piece; one that is not full is the last. */
  const read = async (): Promise<{ piece: Uint8Array; isLast: boolean }> => {
    let text = "";
    while (text.length < PIECE) {
      const { done, value } = await lines.next();
      if (done === true) return { piece: Buffer.from(text), isLast: true };
      text += `${JSON.stringify(value)}\n`;
    }
    return { piece: Buffer.from(text), isLast: false };
  };

  let next: ReturnType<typeof read> | undefined = Promise.resolve(await read());
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(timer);
        try {
          const { piece, isLast } = await (next ?? read());
          next = undefined;
          controller.enqueue(piece);
          if (isLast) controller.close();
          else timer = setTimeout(onStalled, patience);
        } catch (error) {
          log.warn({ err: error }, "an export broke off");
          leave();
          controller.error(error);
        }
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  );
}
