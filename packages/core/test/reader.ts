import type { TurnEvent } from "@chatkeep/protocol";

/** What {@link readerOf} gives. */
interface Reader {
  readonly seen: readonly TurnEvent[];
  /** The next event; `undefined` after the last. */
  next(): Promise<TurnEvent | undefined>;
  /** Reads until what was seen says this. */
  until(text: string): Promise<void>;
  /** Reads to the end, and gives all that was seen. */
  rest(): Promise<readonly TurnEvent[]>;
}

/** Reads events one by one. */
export function readerOf(events: AsyncIterable<TurnEvent>): Reader {
  const iterator = events[Symbol.asyncIterator]();
  const seen: TurnEvent[] = [];
  const next = async (): Promise<TurnEvent | undefined> => {
    const { done, value } = await iterator.next();
    if (done === true) return undefined;
    seen.push(value);
    return value;
  };
  return {
    seen,
    next,
    async until(text) {
      while (!textOf(seen).includes(text)) if ((await next()) === undefined) throw new Error(`no ${text}`);
    },
    async rest() {
      while ((await next()) !== undefined);
      return seen;
    },
  };
}

/** The text that these events tell. */
export function textOf(events: readonly TurnEvent[]): string {
  return events.map(({ chunk }) => (chunk.type === "text-delta" ? chunk.delta : "")).join("");
}
