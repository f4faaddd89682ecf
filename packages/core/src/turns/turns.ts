import { randomUUID } from "node:crypto";
import { setImmediate as afterThis } from "node:timers/promises";

import {
  type Answer,
  type History,
  type Owner,
  type Question,
  type StartedTurn,
  type Turn,
  type TurnEvent,
  isChatkeepError,
  queuedNotice,
} from "@chatkeep/protocol";

import { checkId, checkRange, checkMessage, ownerId } from "../arguments.ts";
import { idempotencyMismatch, goingDown, isPoolFull } from "../database/failure.ts";
import type { ConnectionPool } from "../database/pool.ts";
import type { ConversationRow } from "../database/rows.ts";
import { beginTurn, questionOf } from "./begin.ts";
import { type ContinueTurn, createContinuation } from "./continue.ts";
import type { LiveTurn } from "./live.ts";
import { createNode, createOrphans } from "./node.ts";
import { createQueue } from "./queue.ts";
import { type QueuedRow, queuedTurn } from "./queued.ts";
import { createReader, readEvents } from "./reader.ts";
import { nothingYet, readResults, storeResults } from "./results.ts";
import { type RunningOptions, createRunning } from "./running.ts";
import { STOPPED } from "./settle.ts";
import { type NewTurn, type TurnKey, type TurnRow, argsOf, newTurn, turnFromRow, turnKey } from "./turn.ts";
import { createTokens, importUnsavedTurn, refusedToken, unsavedContext, unsavedTurn } from "./unsaved.ts";
import { createWakeups } from "./wakeups.ts";

/** What happens to a question while the database is down: it is refused, or answered without saving. */
export type OutagePolicy = "required" | "best-effort";

/** Options of {@link createTurns}. Times are in milliseconds. */
export interface TurnsOptions extends Omit<RunningOptions, "node" | "tokens" | "ended"> {
  readonly pool: ConnectionPool;
  readonly lease: number;
  readonly eventsGrace: number;
  readonly handover: number;
  /** The default budgets; see `budgetDefaults`. */
  readonly budgets: object | null;
  readonly outage: Readonly<Record<Owner["kind"], OutagePolicy>>;
}

/** The methods of {@link History} on turns, and what its other methods need of them. */
export interface Turns extends Pick<
  History,
  | "startTurn"
  | "listQueuedQuestions"
  | "deleteQueuedQuestion"
  | "regenerate"
  | "importTurn"
  | "getTurn"
  | "followTurn"
  | "stopTurn"
> {
  /** Reads the committed part of a running turn's answer. */
  answerSoFar(owner: Owner, conversationId: string, turnId: string): Promise<Answer>;
  /** Stops the running turn of a conversation, or else those that are about to begin on any node; see `CoreHistory`. */
  stopBeginning(owner: Owner, conversationId: string): Promise<Turn | null>;
  /** Stops a conversation's running turn, and waits up to one second until it is settled. */
  stopRunning(owner: Owner, conversationId: string): Promise<void>;
  /** Continues or settles turns of nodes that died or ended, drops expired events, and looks for more for a minute. */
  continueTurns(): Promise<void>;
  /** The number of turns that run on this node. */
  running(): number;
  /** Counts of unsaved answers; see {@link UnsavedAnswers}. */
  unsaved(): UnsavedAnswers;
  /** Refuses new turns, lets running turns finish for `grace` milliseconds, and hands over or settles the rest. */
  close(grace: number): Promise<void>;
}

/** Answers that an outage kept from being saved, since this node started. */
export interface UnsavedAnswers {
  /** Shown by this node with a token. */
  readonly shown: number;
  /** Imported by this node, whichever node showed them. */
  readonly saved: number;
}

/** Milliseconds that a stop waits for the turn to be settled. */
const STOP_TIMEOUT = 1000;
/** A node is fenced before its lease is over, so that its turns are settled within the lease. */
const LEASE_SHARE = 0.8;

/** Turns begin in the database, run here and are settled in the database; docs/decisions/0040 describes the path. */
export function createTurns(options: TurnsOptions): Turns {
  const { database, limits, outage, onError, fileParts } = options;
  let isClosing = false;
  let imported = 0;
  let keyLoaded: Promise<void> | undefined;

  const tokens = createTokens(database);
  const node = createNode(database, options.lease * LEASE_SHARE, options.responder?.continues === true);
  const { announce } = node;
  const continuesUnasked = options.deadline === undefined;
  // A function begins nothing by itself: its time may be over.
  const ended = async (key: TurnKey): Promise<void> => (continuesUnasked ? queue.ended(key) : undefined);
  const running = createRunning({ ...options, node, tokens, ended });
  const { find, known } = running;
  const wakeups = createWakeups(options.pool, database.breaker);
  const takeOver = createContinuation({ database, node, running, isClosing: () => isClosing });
  const continueTurn: ContinueTurn = async (key) => {
    const isHere = node.continues && (await takeOver(key));
    // Readers who follow the log go on in memory.
    if (isHere) wakeups.wake();
    return isHere;
  };
  const queue = createQueue({
    database,
    node,
    running,
    isClosing: () => isClosing || options.responder === undefined,
    budgets: options.budgets,
    onBegin: () => wakeups.wake(),
  });
  const { beginNext } = queue;
  const reader = createReader({
    database,
    wakeups,
    announce,
    find,
    isClosing: () => isClosing,
    beginNext,
    continueTurn,
  });
  const { eventsGrace: grace, handover } = options;
  const orphans = createOrphans({
    database,
    node,
    grace,
    handover,
    known,
    continueTurn,
    beginNext: queue.beginUnasked,
    continuesUnasked,
    onError,
  });
  const follow = ({ key }: NewTurn, signal: AbortSignal | undefined): StartedTurn["events"] =>
    reader.follow(key, { signal });

  /** Loads the key of the tokens once. */
  const loadKey = (): Promise<void> =>
    (keyLoaded ??= tokens.load().catch((error: unknown) => {
      keyLoaded = undefined;
      throw error;
    }));

  const requireRunning = (): void => {
    if (options.responder === undefined)
      throw new TypeError("This history has no responder: pass one to createHistory to start turns.");
    if (isClosing) throw goingDown();
    orphans.touch();
  };

  const startTurn = async (
    owner: Owner,
    conversationId: string,
    given: Question,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<StartedTurn> => {
    requireRunning();
    // A stop that comes while its files are stored is meant for it.
    const arrivedAt = new Date().toISOString();
    const { role = "user" } = given;
    const asked = { ...given, role, id: given.id ?? randomUUID() };
    let moved = asked;
    try {
      [moved = asked] = await fileParts.moveOut(owner, conversationId, [asked]);
    } catch (error) {
      // Whether it is answered all the same is decided below.
      if (!isChatkeepError(error, "unavailable")) throw error;
    }
    const question = { ...checkMessage(moved, limits), parent: given.parent };
    const turn = newTurn(owner, conversationId, question, arrivedAt);
    /** The turn for an answer without saving: the question keeps the bytes of its files. */
    const whole = (): NewTurn =>
      moved === asked ? turn : { ...turn, question: { ...question, ...checkMessage(asked, limits) } };
    if (role === "tool") return goOn(turn, signal);
    const unsaved = running.findUnsaved(turn);
    if (unsaved !== undefined) return attach(whole(), unsaved, signal);
    try {
      return await beginOrQueue(turn, given.whenBusy, signal);
    } catch (error) {
      const isAnswered = outage[owner.kind] === "best-effort";
      if (!isAnswered || isClosing || !isChatkeepError(error, "unavailable")) throw error;
      // A full pool is no outage: in a moment the answer can be saved.
      if (isPoolFull(error)) throw error;
      const other = running.findUnsaved(turn);
      const shown = whole();
      if (other !== undefined) return attach(shown, other, signal);
      running.run(shown, unsavedContext(shown), false);
      return { turn: unsavedTurn(shown), events: follow(shown, signal) };
    }
  };

  /** Goes on with an answer once its last open call is answered. Two clients may answer one each at the same moment. */
  const goOn = async (given: NewTurn, signal: AbortSignal | undefined): Promise<StartedTurn> => {
    for (let head: string | null = null; ;) {
      const results = await readResults(database, given);
      const { turn, expectedHead, waiting } = results;
      try {
        if (waiting === undefined) return await begin(turn, signal, expectedHead);
        if (expectedHead !== null) await storeResults(database, results);
        return { turn: waiting, events: nothingYet(waiting) };
      } catch (error) {
        if (!isChatkeepError(error, "conflict") || expectedHead === head) throw error;
        head = expectedHead;
      }
    }
  };

  const begin = async (
    turn: NewTurn,
    signal: AbortSignal | undefined,
    expectedHead: string | null = null,
  ): Promise<StartedTurn> => {
    const begun = await beginTurn(database, node, turn, { budgets: options.budgets, expectedHead });
    // In case of a later outage.
    void loadKey().catch(() => undefined);
    if (!begun.isNew) {
      const key = { ...turn.key, turnId: begun.turn.id };
      return { turn: begun.turn, events: reader.followOrReplay(turn.owner, key, signal) };
    }
    running.run(turn, begun, true);
    // The model is called before the response is built: its first words are what somebody waits for.
    await afterThis();
    return { turn: begun.turn, events: follow(turn, signal) };
  };

  /** Begins a turn, or queues its question while another turn runs. */
  const beginOrQueue = async (
    turn: NewTurn,
    whenBusy: Question["whenBusy"],
    signal: AbortSignal | undefined,
  ): Promise<StartedTurn> => {
    for (let busyId = ""; ;) {
      try {
        return await begin(turn, signal);
      } catch (error) {
        if (!isChatkeepError(error, "turn_in_progress")) throw error;
        busyId = error.turnId ?? "";
      }
      const queued = await queue.add(turn, whenBusy, busyId);
      if (queued === undefined) continue;
      // The answer may have ended meanwhile.
      await beginNext(turn.key);
      return { turn: queued, events: followQueued(queued, { ...turn.key, turnId: queued.id }, signal) };
    }
  };

  const followQueued = async function* (
    turn: Turn,
    key: TurnKey,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<TurnEvent, void, void> {
    yield { seq: 0, chunk: queuedNotice(turn) };
    yield* reader.follow(key, { signal });
  };

  const attach = (turn: NewTurn, live: LiveTurn, signal: AbortSignal | undefined): StartedTurn => {
    if (!isSameQuestion(turn.question, live.turn.question)) throw idempotencyMismatch();
    return { turn: unsavedTurn(live.turn), events: follow(live.turn, signal) };
  };

  /** Finds a turn that runs here after asking the database for its owner, which a claim may have changed. */
  const findOwn = async (key: TurnKey): Promise<LiveTurn | undefined> => {
    const live = find(key);
    if (live?.persisted !== true) return live;
    try {
      await readEvents(database, key, Number.MAX_SAFE_INTEGER);
    } catch (error) {
      // In an outage the owner who began it goes on.
      if (!isChatkeepError(error, "unavailable")) throw error;
    }
    return find(key);
  };

  const stopTurn: Turns["stopTurn"] = async (owner, conversationId, turnId) => {
    orphans.touch();
    const key = turnKey(owner, conversationId, turnId);
    const live = await findOwn(key);
    if (live === undefined) {
      const [row] = await database.call("stop_turn", argsOf(key));
      const found = row?.stop_turn as TurnRow | QueuedRow;
      const turn = "turn_id" in found ? queuedTurn(found) : turnFromRow(found);
      if (turn.status !== "running") return turn;
    }
    live?.abort(STOPPED);
    await reader.settled(key, STOP_TIMEOUT);
    if (live?.persisted !== false) return (await reader.getTurn(owner, key)).turn;
    const { status, error } = live.answer();
    return { ...unsavedTurn(live.turn), status, error, settledAt: new Date().toISOString() };
  };

  return {
    startTurn,

    async regenerate(owner, conversationId, messageId, { id, signal } = {}) {
      requireRunning();
      if (id !== undefined) checkId(id, "/id");
      const question = await questionOf(database, owner, conversationId, messageId);
      const turn = newTurn(owner, conversationId, question);
      return begin({ ...turn, isStored: true, replyId: id ?? turn.replyId }, signal);
    },

    async importTurn(owner, conversationId, token) {
      orphans.touch();
      await loadKey();
      const unsaved = tokens.open(token);
      if (unsaved?.ownerId !== ownerId(owner) || unsaved.conversationId !== conversationId) {
        // First the error of a conversation that is not the owner's.
        await database.call("get_conversation", { owner: ownerId(owner), conversation: conversationId });
        throw refusedToken();
      }
      const [question = unsaved.question] = await fileParts.moveOut(owner, conversationId, [
        unsaved.question,
      ]);
      const [reply = unsaved.reply] = await fileParts.moveOut(owner, conversationId, [unsaved.reply]);
      const { isNew, turn } = await importUnsavedTurn(database, { ...unsaved, question, reply });
      if (isNew) imported += 1;
      return turn;
    },

    async stopBeginning(owner, conversation) {
      const [row] = await database.call("stop_beginning", { owner: ownerId(owner), conversation });
      const turnId = row?.stop_beginning ?? null;
      return turnId === null ? null : stopTurn(owner, conversation, turnId);
    },

    async stopRunning(owner, conversation) {
      const [row] = await database.call("get_conversation", { owner: ownerId(owner), conversation });
      const turnId = (row?.get_conversation as ConversationRow | undefined)?.running_turn ?? null;
      if (turnId !== null) await stopTurn(owner, conversation, turnId);
    },

    getTurn: async (owner, conversationId, turnId) => {
      orphans.touch();
      return reader.getTurn(owner, turnKey(owner, conversationId, turnId));
    },

    async *followTurn(owner, conversationId, turnId, follows = {}) {
      const { after } = follows;
      const seq = typeof after === "object" ? after.seq : after;
      checkRange(seq, "after", 0, Number.MAX_SAFE_INTEGER, 0);
      orphans.touch();
      const key = turnKey(owner, conversationId, turnId);
      await findOwn(key);
      yield* reader.follow(key, follows);
    },

    stopTurn,

    async listQueuedQuestions(owner, conversationId) {
      orphans.touch();
      const questions = await queue.list(owner, conversationId);
      return fileParts.putBack(owner, questions);
    },

    deleteQueuedQuestion: queue.delete,

    answerSoFar(owner, conversationId, turnId) {
      orphans.touch();
      return reader.answerSoFar(owner, conversationId, turnId);
    },
    continueTurns() {
      orphans.touch();
      return orphans.look();
    },
    running: running.count,
    unsaved: () => ({ shown: tokens.signed(), saved: imported }),

    async close(grace) {
      isClosing = true;
      // Readers of questions that wait go elsewhere.
      wakeups.wake();
      await running.close(grace);
      await orphans.close();
      await node.release().catch(onError);
      wakeups.close();
    },
  };
}

/** Compares questions as the database does. */
function isSameQuestion(one: NewTurn["question"], other: NewTurn["question"]): boolean {
  const [said, before] = [one, other].map(({ parts, contextText = null }) =>
    JSON.stringify([parts, contextText]),
  );
  return said === before;
}
