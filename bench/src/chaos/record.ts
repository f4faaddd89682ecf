import type { Chunk, TurnEvent } from "@chatkeep/protocol";

/** What one client knows of one question: what it sent, and all that it was told. */
export interface Asked {
  readonly owner: string;
  readonly conversationId: string;
  readonly messageId: string;
  readonly content: string;
  /** Set when the server said that question and turn are committed. */
  turnId: string | undefined;
  /** Every event that was shown as saved, by number. */
  readonly shown: Map<number, Chunk>;
  /** Whether some attempt was answered without saving, in an outage. */
  unsaved: boolean;
  /** How the client saw it end; undefined when it left before. */
  ended: "settled" | "gone" | undefined;
}

/** What one client knows of a message that it appended. */
export interface Appended {
  readonly owner: string;
  readonly conversationId: string;
  readonly messageId: string;
  readonly content: string;
}

/** The clients' own records, from which the run is judged. */
export interface Records {
  readonly asked: Asked[];
  readonly appended: Appended[];
  /** What must not be, as sentences, noticed while it happened. */
  readonly violations: string[];
  /** Counts for the report: requests, resumes, retries, … */
  readonly counts: Map<string, number>;
}

/** Empty records. */
export function createRecords(): Records {
  return { asked: [], appended: [], violations: [], counts: new Map() };
}

/** Counts one more. */
export function count(records: Records, name: string): void {
  records.counts.set(name, (records.counts.get(name) ?? 0) + 1);
}

/** Keeps an event that was shown. The same number has to tell the same, whoever tells it and however often. */
export function show(records: Records, asked: Asked, event: TurnEvent): void {
  const before = asked.shown.get(event.seq);
  if (before === undefined) asked.shown.set(event.seq, event.chunk);
  else if (JSON.stringify(before) !== JSON.stringify(event.chunk)) {
    records.violations.push(
      `Event ${event.seq} of turn ${asked.turnId} was shown as ${JSON.stringify(before)}, then as ${JSON.stringify(event.chunk)}.`,
    );
  }
}
