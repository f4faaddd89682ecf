import {
  type Chunk,
  type Conversation,
  type Message,
  type Owner,
  type Responder,
  isChatkeepError,
} from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { ownerId } from "../owners.ts";
import type { Asked, NewTurn } from "./begin.ts";
import { createEnding } from "./ending.ts";
import { createFlushLoop } from "./flush.ts";
import { type LiveTurn, createLiveTurn } from "./live.ts";
import { type LogPlace, readLog } from "./log.ts";
import { type Node, createNode } from "./node.ts";
import type { Receipts } from "./receipts.ts";
import { TurnEnded, runResponder } from "./run.ts";
import { INTERRUPTED, createTakeover } from "./takeover.ts";
import { unsavedOf } from "./unsaved.ts";

/** What is done with a question while the database is down: refuse it, or answer it without saving. */
export type OutagePolicy = "required" | "best-effort";

/** The turns that run on this node, from their beginning to their end; see {@link createRunning}. */
export interface Running {
  /** This process among those that run turns. */
  readonly node: Node;
  /** Runs a turn's responder to its end, and settles it. */
  run(task: Task): void;
  /** The turn, when it runs here. */
  find(place: LogPlace): Entry | undefined;
  /** The same, once the database was asked whose it is: a claim may have moved it. While that is down, whoever began it goes on. */
  findOwn(place: LogPlace): Promise<Entry | undefined>;
  /** The turn that runs here for the question of this id, whatever that says. */
  findAsked(asked: Asked): Entry | undefined;
  count(): number;
  /** Whether this node goes down: it takes no more turns. */
  isClosing(): boolean;
  /** Somebody uses this node: dead nodes are looked for, so that nobody waits for their turns. */
  touch(): void;
  /** Lets what runs finish for `grace` milliseconds, and settles the rest. */
  close(grace: number): Promise<void>;
}

/** A turn to run. */
interface Task {
  readonly asked: Asked;
  readonly made: NewTurn;
  /** Its first event. */
  readonly start: Chunk;
  /** False: the database is down, and the answer is given without saving. */
  readonly persisted: boolean;
  readonly responder: Responder;
  /** As the responder is told of them. */
  readonly conversation: Conversation;
  readonly question: Message;
}

/** What {@link createRunning} takes; the times are milliseconds. */
export interface RunningOptions {
  readonly database: Database;
  readonly receipts: Receipts;
  readonly lease: number;
  readonly eventsGrace: number;
  readonly responderPatience: number;
  readonly outage: Readonly<Record<Owner["kind"], OutagePolicy>>;
  readonly onError: (error: unknown, turnId?: string) => void;
}

/** A turn that runs here, and how it ends. */
export interface Entry {
  readonly live: LiveTurn;
  readonly asked: Asked;
  readonly made: NewTurn;
  readonly done: Promise<void>;
}

/** A node counts as dead a little before the lease is over, so that its turns are settled within it. */
const LEASE_SHARE = 0.8;
/** Milliseconds that a node that goes down waits for its turns to be settled. */
const CLOSE_PATIENCE = 5000;

/** Runs turns, commits what they say, settles them, and takes over those of dead nodes. */
export function createRunning(options: RunningOptions): Running {
  const { database, receipts, onError } = options;
  const lease = options.lease * LEASE_SHARE;
  const entries = new Map<string, Entry>();
  let closing = false;
  const node = createNode({
    database,
    lease,
    prepare: receipts.load,
    // What was begun since then is of another id.
    onFenced: () => {
      for (const { live } of entries.values())
        if (live.persisted) drop(live.id, new TurnEnded("interrupted", INTERRUPTED));
    },
  });
  const ending = createEnding({ database, node: node.last, onStalled, onError });
  const takeover = createTakeover({
    database,
    lease,
    grace: options.eventsGrace,
    node: node.current,
    known: () => [...entries.keys(), ...ending.doubted()],
    onError,
  });
  const flushes = createFlushLoop({
    database,
    lease,
    node: node.last,
    onFenced: node.fenced,
    onStalled,
    onStop: (turnId) => entries.get(turnId)?.live.stopping.abort(new TurnEnded("stopped", null)),
    onGone: (turnId) => drop(turnId, new TurnEnded("stopped", null)),
  });

  function drop(turnId: string, reason: TurnEnded): void {
    const entry = entries.get(turnId);
    if (entry === undefined) return;
    entries.delete(turnId);
    entry.live.lost();
    entry.live.stopping.abort(reason);
  }

  function onStalled(live: LiveTurn, error: Error): void {
    // An outage tells of itself.
    if (!database.breaker.isOpen()) onError(error, live.id);
    if (options.outage[live.owner.kind] === "best-effort") live.release();
    else live.stalled(error);
  }

  const run = ({ asked, made, start, persisted, responder, conversation, question }: Task): void => {
    const { owner, conversationId } = asked;
    const live = createLiveTurn({
      id: made.turnId,
      owner,
      ownerId: ownerId(owner),
      conversationId,
      start,
      persisted,
      receipt: (answer, status) => receipts.sign(unsavedOf(asked, { ...made, ...answer, status })),
      onPending: () => {
        if (persisted) flushes.wake(live);
      },
    });
    if (persisted) flushes.add(live);
    const work = async (): Promise<void> => {
      const end = await runResponder({
        responder,
        request: {
          owner,
          conversation,
          turnId: live.id,
          question,
          history: [],
          recalled: [],
          summary: null,
          signal: live.stopping.signal,
        },
        turn: live,
        patience: options.responderPatience,
        onError: (error) => onError(error, live.id),
      });
      const removed = flushes.remove(live);
      // What is shown without its commit, in an outage, ends without it too.
      await Promise.race([removed, live.released()]);
      if (entries.has(live.id)) {
        const last = live.end(end.status, end.error);
        await removed;
        await ending.settle(live, end, last);
      }
      entries.delete(live.id);
    };
    // The entry is there before the work begins: a responder may end at once.
    const { promise, resolve } = Promise.withResolvers<void>();
    entries.set(live.id, { live, asked, made, done: promise });
    void work()
      .catch((error: unknown) => onError(error, live.id))
      .finally(resolve);
  };

  const find = ({ owner, conversationId, turnId }: LogPlace): Entry | undefined => {
    const entry = entries.get(turnId);
    return entry?.live.ownerId === ownerId(owner) && entry.live.conversationId === conversationId
      ? entry
      : undefined;
  };

  return {
    node,
    run,
    find,
    async findOwn(place) {
      const entry = find(place);
      if (entry?.live.persisted !== true) return entry;
      try {
        await readLog(database, place, Number.MAX_SAFE_INTEGER);
      } catch (error) {
        if (!isChatkeepError(error, "unavailable")) throw error;
      }
      return find(place);
    },
    findAsked({ owner, conversationId, question }) {
      const isAsked = ({ asked, live }: Entry): boolean =>
        asked.question.id === question.id &&
        live.conversationId === conversationId &&
        live.ownerId === ownerId(owner);
      return entries.values().find(isAsked);
    },
    count: () => entries.size,
    isClosing: () => closing,
    touch: takeover.touch,
    async close(grace) {
      closing = true;
      const left = AbortSignal.timeout(Math.max(1, grace));
      const all = (): Promise<unknown> => Promise.all([...entries.values()].map(({ done }) => done));
      await Promise.race([all(), new Promise((resolve) => left.addEventListener("abort", resolve))]);
      for (const { live } of entries.values()) live.stopping.abort(new TurnEnded("interrupted", INTERRUPTED));
      // A database that is down is not waited for: another node settles these when their lease is over.
      const settling = Promise.withResolvers<void>();
      const timer = setTimeout(settling.resolve, CLOSE_PATIENCE);
      await Promise.race([all(), settling.promise]);
      clearTimeout(timer);
      await takeover.close();
      await node.release().catch(onError);
    },
  };
}
