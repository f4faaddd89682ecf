import { type Selection, type Thread, createValue } from "@chatkeep/react";

/** The words of an answer that the next question is about. */
export interface Quote extends Selection {
  set(text: string): void;
}

const known = new WeakMap<Thread, Quote>();

/** The same quote for the same thread; nothing at first. */
export function quoteOf(thread: Thread): Quote {
  const quote = known.get(thread) ?? createQuote();
  known.set(thread, quote);
  return quote;
}

function createQuote(): Quote {
  const { getSnapshot, subscribe, set } = createValue<string | null>(null);
  return { getSnapshot, subscribe, set, clear: () => set(null), close: () => undefined };
}
