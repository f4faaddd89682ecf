import { isDeepStrictEqual } from "node:util";

import {
  type Chunk,
  type Message,
  type Owner,
  type Part,
  type Question,
  type TurnEvent,
  type TurnStatus,
  isNotice,
} from "@chatkeep/protocol";

import type { Recipe } from "./recipe.ts";

/** A person who uses the servers, and what they know of what they did: nothing is taken from the servers' memory. */
export interface Record {
  readonly name: string;
  readonly owner: Owner;
  readonly conversations: Set<string>;
  readonly messages: Map<string, SentMessage>;
  readonly turns: Map<string, SeenTurn>;
  /** Ids of questions whose answers are being read, once for each reading. */
  readonly asking: string[];
  /** The messages that each copied conversation was made from, by its id. */
  readonly copies: Map<string, readonly Message[]>;
  /** Ids of messages that a node may delete late, long after the person took the deletion back. */
  readonly mayBeDeleted: Set<string>;
  /** What the person saw that must never be. */
  readonly faults: string[];
  readonly lines: string[];
}

/** A message that the person sent. */
export interface SentMessage {
  readonly id: string;
  readonly conversationId: string;
  readonly content: string;
  /** What it asks for; `undefined` for a message that asks for no answer. */
  readonly recipe: Recipe | undefined;
  /** When the server said that it is stored; `undefined` as long as it did not. */
  acknowledgedAt: number | undefined;
  /** The nodes at which it was sent before a turn of it was known. */
  readonly triedAt: Set<number>;
  /** The answer that was shown without being saved, was sent back, and was taken. */
  imported: ImportedAnswer | undefined;
  /** What it follows; `undefined`: the head. */
  readonly parent: string | null | undefined;
  /** What becomes of it while an answer is given. */
  whenBusy: Question["whenBusy"];
  /** How often another answer was asked for. */
  regenerations: number;
  /** How often it was refused because the token was of a node that is gone. */
  tokensRefused: number;
}

/** An answer that was imported after an outage. */
interface ImportedAnswer {
  readonly turnId: string;
  readonly parts: readonly Part[];
}

/** A turn of which the person saw something. */
export interface SeenTurn {
  readonly id: string;
  readonly conversationId: string;
  readonly messageId: string;
  /** What was seen of it and is promised to be stored, by the events' numbers. */
  readonly events: Map<number, Chunk>;
  /** The attempts in which they were seen, by their numbers. */
  readonly attempts: Map<number, number | undefined>;
  /** What was seen of an answer that is not saved. */
  readonly unsavedEvents: Map<number, Chunk>;
  /** Whether it was begun without being saved at all. */
  readonly begunUnsaved: boolean;
  /** The nodes at which it may have been begun. */
  readonly candidates: ReadonlySet<number>;
  /** Whether the person asked to stop it. */
  stopAsked: boolean;
  /** How it was settled, as was told for good; `undefined` as long as it was not. */
  settled: TurnStatus | undefined;
  /** The whole answer as JSON told it, where it did. */
  reply: readonly Part[] | undefined;
}

/** A record without entries. */
export function createRecord(name: string, owner: Owner): Record {
  return {
    name,
    owner,
    conversations: new Set(),
    messages: new Map(),
    turns: new Map(),
    asking: [],
    copies: new Map(),
    mayBeDeleted: new Set(),
    faults: [],
    lines: [],
  };
}

/** Keeps what the person did. */
export function say({ lines }: Record, text: string): void {
  lines.push(`${new Date().toISOString().slice(11, 23)}  ${text}`);
}

/** Keeps what the person saw that must never be. */
export function fault(record: Record, text: string): void {
  record.faults.push(text);
  say(record, `FAULT ${text}`);
}

/** Keeps that a server said it has stored the message. */
export function acknowledge(message: SentMessage): void {
  message.acknowledgedAt ??= Date.now();
}

/** One reading of a turn's stream from the event after `after`. */
export interface Reading {
  /** Keeps an event, and finds at once what no stream may show. */
  take(event: TurnEvent): void;
}

/** Begins a reading. */
export function createReading(record: Record, turn: SeenTurn, after: number): Reading {
  let last = after;

  const keep = ({ seq, attempt, chunk }: TurnEvent): void => {
    turn.attempts.set(seq, attempt);
    const before = turn.events.get(seq);
    if (before === undefined) turn.events.set(seq, chunk);
    else if (!isDeepStrictEqual(before, chunk)) {
      record.faults.push(
        `Turn ${turn.id}: event ${seq} was first ${JSON.stringify(before)}, then ${JSON.stringify(chunk)}.`,
      );
    }
    const settled = statusOf(chunk);
    if (settled !== undefined) settle(record, turn, settled);
  };

  return {
    take(event) {
      const { seq, chunk } = event;
      // A notice has no number of its own.
      const expected = isNotice(chunk) ? last : last + 1;
      if (seq !== expected) {
        record.faults.push(`Turn ${turn.id}: ${JSON.stringify(event)} came after event ${last}.`);
      }
      last = seq;
      if (isNotice(chunk)) return;
      if (turn.begunUnsaved) turn.unsavedEvents.set(seq, chunk);
      else keep(event);
    },
  };
}

/** The number up to which all of a turn was seen and is promised to be stored. */
export function lastPromised({ events }: SeenTurn): number {
  let last = 0;
  while (events.has(last + 1)) last += 1;
  return last;
}

/** Keeps how a turn was settled. Once it is, it stays so (law 5). */
export function settle(record: Record, turn: SeenTurn, status: TurnStatus): void {
  if (status === "running") return;
  if (turn.settled !== undefined && turn.settled !== status) {
    record.faults.push(`Turn ${turn.id} was ${turn.settled}, then ${status}.`);
  }
  turn.settled ??= status;
}

function statusOf(chunk: Chunk): TurnStatus | undefined {
  if (chunk.type !== "message-metadata" && chunk.type !== "finish") return undefined;
  return chunk.messageMetadata?.["status"] as TurnStatus | undefined;
}
