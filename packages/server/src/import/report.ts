import type { ImportReport } from "@chatkeep/protocol";

/** A report while it is written. */
export interface Report {
  foundIn(service: string): void;
  count(what: "conversations" | "messages" | "files" | "known", number?: number): void;
  /** Notes that something was left, by a sentence or a name. */
  leave(why: string): void;
  soFar(): ImportReport;
}

export function createReport(): Report {
  const from = new Set<string>();
  const counts = { conversations: 0, messages: 0, files: 0, known: 0 };
  const left = new Map<string, number>();
  return {
    foundIn: (service) => void from.add(service),
    count: (what, number = 1) => void (counts[what] += number),
    leave: (why) => void left.set(why, (left.get(why) ?? 0) + 1),
    soFar: () => ({ from: [...from], ...counts, left: Object.fromEntries(left) }),
  };
}
