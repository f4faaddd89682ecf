import {
  type Answer,
  ChatkeepError,
  type FollowOptions,
  type Owner,
  type TurnEvent,
  type TurnState,
  type TurnStatus,
  createFold,
  isChatkeepError,
  isLastChunk,
  replayEvents,
  unsavedQuestion,
  waitingNotice,
} from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { type MessageRow, messageOf } from "../database/rows.ts";
import { withAnswer } from "../messages.ts";
import type { LiveTurn } from "./live.ts";
import { type QueuedRow, queuedQuestion, queuedTurn } from "./queued.ts";
import { type TurnKey, type TurnRow, argsOf, turnFromRow, turnKey } from "./turn.ts";
import type { Wakeups } from "./wakeups.ts";

/** Reads turns, wherever they run; see {@link createReader}. */
export interface Reader {
  /** Errors: `turn_not_found`, `unavailable`. */
  getTurn(owner: Owner, key: TurnKey): Promise<TurnState>;
  /** The committed part of a running turn's answer. */
  answerSoFar(owner: Owner, conversationId: string, turnId: string): Promise<Answer>;
  /**
   * Yields a turn's events until it is settled. During an outage it says so once, and waits. Errors: `unavailable` if the
   * first read fails, or when this node hands the turn over: another follows it on; `events_expired` if the turn is settled and its events
   * were dropped, or if a failover lost some; `conflict` for a question that waits and is held.
   */
  follow(key: TurnKey, options: FollowOptions): AsyncGenerator<TurnEvent, void, void>;
  /** Follows from the first event; if the events were dropped, replays them from the stored answer. */
  followOrReplay(owner: Owner, key: TurnKey, signal: AbortSignal | undefined): AsyncIterable<TurnEvent>;
  /** Resolves when the turn is settled, or after `timeout` milliseconds. */
  settled(key: TurnKey, timeout: number): Promise<void>;
}

export interface ReaderOptions {
  readonly database: Database;
  readonly wakeups: Wakeups;
  /** Tells the turn's node that another node reads; true if it may not have known before. */
  readonly announce: () => Promise<boolean>;
  /** Finds a turn that runs on this node. */
  readonly find: (key: TurnKey) => LiveTurn | undefined;
  /** Whether this node takes on no more turns. */
  readonly isClosing: () => boolean;
  /** Begins the next question of a conversation here. Errors: `unavailable`. */
  readonly beginNext: (key: TurnKey) => Promise<unknown>;
  /** Continues a turn here that its node handed over, if that is possible. Errors: `unavailable`. */
  readonly continueTurn: (key: TurnKey) => Promise<unknown>;
}

/** Events in one read; a page of deltas is about 80 kB. */
const PAGE = 1000;

/** Turns of this node are read from memory, all others from the log; docs/decisions/0003 gives the reasons. */
export function createReader({
  database,
  wakeups,
  announce,
  find,
  isClosing,
  beginNext,
  continueTurn,
}: ReaderOptions): Reader {
  // Found now and not at the first read: an unsaved turn may have ended by then.
  const follow: Reader["follow"] = (key, options) => read(key, find(key), options);

  async function* read(
    key: TurnKey,
    live: LiveTurn | undefined,
    { after: from = 0, signal }: FollowOptions,
  ): AsyncGenerator<TurnEvent, void, void> {
    let after = typeof from === "number" ? from : from.seq;
    /** The attempt in which the event `after` was seen; `undefined`: not known. */
    let attempt = typeof from === "number" ? undefined : (from.attempt ?? 1);
    let isRead = false;
    let isWaiting = false;
    /** Whether the turn goes on in another place: from memory to the log, or back. */
    let hasMoved = false;
    /** Whether another node has to begin it, because this one ends. */
    let isElsewhere = false;
    using wait = (live ?? wakeups).subscribe(signal);
    while (!isAborted(signal) && !hasMoved && !isElsewhere) {
      // Before the events: the last ones may be shown while others are read.
      const state = live?.state();
      try {
        const isOfAnother = live?.persisted === true && attempt !== undefined && attempt !== live.attempt;
        const held = state === "lost" ? [] : isOfAnother ? undefined : live?.shownAfter(after);
        const page = held === undefined ? await readEvents(database, key, after, attempt) : undefined;
        isRead = true;
        if (isWaiting !== (live?.isLate() ?? false)) {
          isWaiting = !isWaiting;
          yield { seq: after, chunk: waitingNotice(isWaiting) };
        }
        hasMoved = state === "lost";
        if (hasMoved) continue;
        const events = held ?? page!.events;
        if (page?.isAhead === true) throw eventsLost();
        attempt = page?.attempt ?? live!.attempt;
        for (const event of events) {
          if (isAborted(signal)) return;
          if (event.seq !== after + 1) throw eventsLost();
          after = event.seq;
          yield attempt === 1 ? event : { ...event, attempt };
          if (isLastChunk(event.chunk)) return;
        }
        if (state === "settled" && events.length === 0) return;
        if (state === "left" && events.length === 0) throw continuedElsewhere();
        if (live === undefined) {
          const { status, lastEvent, isLeft } = page!;
          if (events.length === PAGE) continue;
          if (status === "held") throw questionHeld();
          if ((isElsewhere = status === "queued" && isClosing())) continue;
          const isSettled = status !== "running" && status !== "queued";
          if (isSettled && lastEvent !== null && after >= lastEvent) return;
          if (isSettled) throw eventsExpired();
          if (isLeft) await (status === "queued" ? beginNext(key) : continueTurn(key));
          hasMoved = find(key) !== undefined;
          if (hasMoved || (await announce())) continue;
        } else if (events.length > 0) {
          continue;
        }
      } catch (error) {
        if (!isRead || state === "left" || !isChatkeepError(error, "unavailable")) throw error;
        if (!isWaiting) yield { seq: after, chunk: waitingNotice((isWaiting = true)) };
      }
      await wait.next();
    }
    // Not above: what these throw is no outage of this read.
    if (isElsewhere) throw continuedElsewhere();
    if (hasMoved) {
      yield* follow(key, { after: attempt === undefined ? after : { seq: after, attempt }, signal });
    }
  }

  const getTurn = async (owner: Owner, key: TurnKey): Promise<TurnState> => {
    const [row] = await database.call("get_turn", argsOf(key));
    if ((row?.turn ?? null) === null) {
      const queued = row?.question as QueuedRow;
      const turn = queuedTurn(queued);
      return { turn, message: unsavedQuestion(owner, turn, queuedQuestion(queued)), reply: null };
    }
    const reply = (row?.reply ?? null) as MessageRow | null;
    return {
      turn: turnFromRow(row?.turn as TurnRow),
      message: messageOf(row?.question as MessageRow, owner),
      reply: reply && (await withAnswer(messageOf(reply, owner), owner, answerSoFar)),
    };
  };

  const answerSoFar = async (owner: Owner, conversationId: string, turnId: string): Promise<Answer> => {
    const key = turnKey(owner, conversationId, turnId);
    return find(key)?.answer() ?? answerOf(await readLog(database, key));
  };

  return {
    getTurn,
    answerSoFar,
    follow,
    async *followOrReplay(owner, key, signal) {
      try {
        yield* follow(key, { signal });
      } catch (error) {
        if (!isChatkeepError(error, "events_expired")) throw error;
        yield* replayEvents(await getTurn(owner, key));
      }
    },
    async settled(key, timeout) {
      try {
        for await (const _ of follow(key, { signal: AbortSignal.timeout(timeout) })) {
          // Only the end counts.
        }
      } catch (error) {
        if (!isChatkeepError(error, "events_expired")) throw error;
      }
    },
  };
}

/** A piece of a turn's log. */
interface EventPage {
  readonly status: TurnStatus | "held";
  /** The number of the last event; `null` until the turn is settled. */
  readonly lastEvent: number | null;
  /** Whether no node runs it. */
  readonly isLeft: boolean;
  /** The attempt that runs, or ran last. */
  readonly attempt: number;
  /** Whether a failover lost the event after which it was read. */
  readonly isAhead: boolean;
  readonly events: readonly TurnEvent[];
}

/** Reads the next events of a turn. Errors: `turn_not_found`, `unavailable`. */
export async function readEvents(
  database: Database,
  key: TurnKey,
  after: number,
  attempt?: number,
): Promise<EventPage> {
  const [row] = await database.call("read_events", {
    ...argsOf(key),
    after_seq: Math.min(after, 2_147_483_647),
    seen_attempt: attempt ?? null,
    page_limit: PAGE,
  });
  return {
    status: row?.status as EventPage["status"],
    lastEvent: row?.last_event ?? null,
    isLeft: row?.is_left === true,
    attempt: row?.attempt ?? 1,
    isAhead: row?.is_ahead === true,
    events: row?.events as TurnEvent[],
  };
}

/** Reads all committed events of a turn. Errors: `turn_not_found`, `unavailable`. */
export async function readLog(database: Database, key: TurnKey): Promise<TurnEvent[]> {
  const log: TurnEvent[] = [];
  for (let isFull = true; isFull;) {
    const { events } = await readEvents(database, key, log.at(-1)?.seq ?? 0);
    for (const event of events) log.push(event);
    isFull = events.length === PAGE;
  }
  return log;
}

/** Whether events are missing between others, as after a failover to a standby that had not received them all. */
export function hasHole(log: readonly TurnEvent[]): boolean {
  return log.some(({ seq }, place) => seq !== place + 1);
}

/** The answer that a turn's events tell. */
export function answerOf(log: readonly TurnEvent[]): Answer {
  const fold = createFold();
  for (const { chunk } of log) fold.push(chunk);
  return fold.answer();
}

function continuedElsewhere(): ChatkeepError {
  return new ChatkeepError(
    "unavailable",
    "This server is going down. Reconnect: the answer continues on another server.",
    {
      retryAfter: 1,
    },
  );
}

/** The error for readers of a question that is held. */
function questionHeld(): ChatkeepError {
  const detail =
    "This question is held: the answer before it was stopped, the message that it follows was deleted, or a budget is used up. Send it again with its id, or delete it.";
  return new ChatkeepError("conflict", detail);
}

function eventsExpired(): ChatkeepError {
  return new ChatkeepError(
    "events_expired",
    "The events of this answer are no longer kept. Read the stored message instead.",
  );
}

/** The database failed over to a standby that had not received them all. Others may follow under their numbers. */
function eventsLost(): ChatkeepError {
  return new ChatkeepError(
    "events_expired",
    "The database no longer has all events of this answer that were sent. Read the stored message instead.",
  );
}

/** A function, because TypeScript would take the first result for the later ones. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
