import type { ApprovalPart } from "@chatkeep/protocol";

import { callsOf } from "./calls.ts";
import type { Thread } from "./thread.ts";

/** What a person has decided of the calls that an answer waits for; sent once all of them are decided. */
export interface Decisions {
  /** The decision on a request; `undefined` while there is none. */
  of(requestId: string): ApprovalPart | undefined;
  decide(approval: ApprovalPart): void;
  subscribe(listener: () => void): () => void;
}

const known = new WeakMap<Thread, Decisions>();

/** The same decisions for the same thread. */
export function decisionsOf(thread: Thread): Decisions {
  const before = known.get(thread);
  if (before !== undefined) return before;
  const decided = new Map<string, ApprovalPart>();
  const listeners = new Set<() => void>();
  const decisions: Decisions = {
    of: (requestId) => decided.get(requestId),
    decide(approval) {
      decided.set(approval.id, approval);
      const asked = callsOf(thread).open.flatMap(({ request, approval: given }) =>
        request === undefined || given !== undefined || request.automatic === true ? [] : [request.id],
      );
      const approvals = asked.flatMap((id) => decided.get(id) ?? []);
      if (approvals.length === asked.length) {
        decided.clear();
        if (asked.length > 0) thread.send("", null, approvals);
      }
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  known.set(thread, decisions);
  return decisions;
}
