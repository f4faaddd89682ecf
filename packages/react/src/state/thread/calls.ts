import { type PairedCalls, pairCalls } from "@chatkeep/protocol";

import type { Entry } from "./entry.ts";
import type { Thread } from "./thread.ts";

const known = new WeakMap<readonly Entry[], PairedCalls>();

/** The calls of what is shown, each with what answers it, which may be in a later message. */
export function callsOf(thread: Thread): PairedCalls {
  const { entries } = thread.getSnapshot();
  const before = known.get(entries);
  if (before !== undefined) return before;
  const calls = pairCalls(entries);
  known.set(entries, calls);
  return calls;
}
