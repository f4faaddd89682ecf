import { setImmediate as afterThis } from "node:timers/promises";

import {
  type Answer,
  type History,
  type Owner,
  type Question,
  type StartedTurn,
  isChatkeepError,
} from "@chatkeep/protocol";

import type { ConversationRow } from "../conversations.ts";
import { idempotencyMismatch, isPoolFull } from "../database/failure.ts";
import type { ConnectionPool } from "../database/pool.ts";
import { checkId, checkRange } from "../maintenance/limits.ts";
import { checkMessage } from "../messages.ts";
import { ownerId } from "../owners.ts";
import { type NewTurn, beginTurn, newTurn, questionOf, requireOpenCalls } from "./begin.ts";
import { readEvents } from "./events.ts";
import { type TurnKey, argsOf, turnKey } from "./key.ts";
import { createNode, goingDown } from "./node.ts";
import { createOrphans } from "./orphans.ts";
import { createReader } from "./reader.ts";
import { TurnEnded } from "./respond.ts";
import { type TurnRow, turnFromRow } from "./rows.ts";
import { type RunningOptions, type RunningTurn, createRunning } from "./running.ts";
import { createTokens, refusedToken } from "./token.ts";
import { importUnsavedTurn, unsavedContext, unsavedTurn } from "./unsaved.ts";
import { createWakeups } from "./wakeups.ts";

/** What is done with a question while the database is down: refuse it, or answer it without saving. */
export type OutagePolicy = "required" | "best-effort";

/** Options of {@link createTurns}; the times are milliseconds. */
export interface TurnsOptions extends Omit<RunningOptions, "node" | "tokens"> {
  readonly pool: ConnectionPool;
  readonly lease: number;
  readonly eventsGrace: number;
  readonly outage: Readonly<Record<Owner["kind"], OutagePolicy>>;
}

/** The part of {@link History} that is about turns, and what the rest of it needs of them. */
export interface Turns extends Pick<
  History,
  "startTurn" | "regenerate" | "importTurn" | "getTurn" | "followTurn" | "stopTurn"
> {
  /** The answer so far of a running turn, as far as it is committed. */
  answerSoFar(owner: Owner, conversationId: string, turnId: string): Promise<Answer>;
  /** Stops the turn that runs in a conversation, and waits a second for it to be settled. */
  stopRunning(owner: Owner, conversationId: string): Promise<void>;
  /** How many turns run on this node. */
  running(): number;
  /** See {@link UnsavedAnswers}. */
  unsaved(): UnsavedAnswers;
  /** Takes no more turns, lets the running ones finish for `grace` milliseconds, and settles the rest. */
  close(grace: number): Promise<void>;
}

/** Answers that an outage kept from being saved, since this node's start. */
export interface UnsavedAnswers {
  /** Shown by this node with a token. */
  readonly shown: number;
  /** Brought back to this node and saved; those that others showed are among them. */
  readonly saved: number;
}

/** Milliseconds that a stop waits for the turn to be settled. */
const STOP_TIMEOUT = 1000;
/** A node counts as dead a little before the lease is over, so that its turns are settled within it. */
const LEASE_SHARE = 0.8;

/** Turns: begun in the database, run here, settled in the database; docs/decisions/0040 draws the way of one. */
export function createTurns(options: TurnsOptions): Turns {
  const { database, limits, outage, onError } = options;
  let isClosing = false;
  let imported = 0;

  const tokens = createTokens(database);
  const node = createNode(database, options.lease * LEASE_SHARE);
  const running = createRunning({ ...options, node, tokens });
  const wakeups = createWakeups(options.pool, database.breaker);
  const reader = createReader({ database, wakeups, node, find: (key) => running.find(key)?.live });
  const orphans = createOrphans({
    database,
    node,
    grace: options.eventsGrace,
    known: running.known,
    onError,
  });
  const follow = (turn: NewTurn, signal: AbortSignal | undefined): StartedTurn["events"] =>
    reader.follow(turn.key, { signal });

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
    const { role = "user" } = given;
    const question = { ...checkMessage({ ...given, role }, limits), parent: given.parent };
    const turn = newTurn(owner, conversationId, question);
    if (role === "tool") await requireOpenCalls(database, turn);
    const known = running.findUnsaved(turn);
    if (known !== undefined) return attach(turn, known, signal);
    try {
      return await begin(turn, signal);
    } catch (error) {
      // Results without what they answer are no question.
      const isAnswered = role === "user" && outage[owner.kind] === "best-effort";
      if (!isAnswered || isClosing || !isChatkeepError(error, "unavailable")) throw error;
      // An answer that could be saved a moment later is not given unsaved.
      if (isPoolFull(error)) throw error;
      const other = running.findUnsaved(turn);
      if (other !== undefined) return attach(turn, other, signal);
      running.run(turn, unsavedContext(turn), false);
      return { turn: unsavedTurn(turn), events: follow(turn, signal) };
    }
  };

  /** Begins a turn in the database, and runs it here. */
  const begin = async (turn: NewTurn, signal: AbortSignal | undefined): Promise<StartedTurn> => {
    const begun = await beginTurn(database, node, turn);
    // For an outage to come.
    void tokens.load().catch(() => undefined);
    if (!begun.isNew) {
      const key = { ...turn.key, turnId: begun.turn.id };
      return { turn: begun.turn, events: reader.followOrReplay(turn.owner, key, signal) };
    }
    running.run(turn, begun, true);
    // The model is asked first: somebody waits for it.
    await afterThis();
    return { turn: begun.turn, events: follow(turn, signal) };
  };

  const attach = (turn: NewTurn, known: RunningTurn, signal: AbortSignal | undefined): StartedTurn => {
    if (!isSameQuestion(turn.question, known.turn.question)) throw idempotencyMismatch();
    return { turn: unsavedTurn(known.turn), events: follow(known.turn, signal) };
  };

  /** The turn that runs here, once the database was asked whose it is: a claim may have moved it. */
  const findOwn = async (key: TurnKey): Promise<RunningTurn | undefined> => {
    const found = running.find(key);
    if (found?.live.persisted !== true) return found;
    try {
      await readEvents(database, key, Number.MAX_SAFE_INTEGER);
    } catch (error) {
      // Whoever began it goes on meanwhile.
      if (!isChatkeepError(error, "unavailable")) throw error;
    }
    return running.find(key);
  };

  const stopTurn: Turns["stopTurn"] = async (owner, conversationId, turnId) => {
    orphans.touch();
    const key = turnKey(owner, conversationId, turnId);
    const found = await findOwn(key);
    if (found === undefined) {
      const [row] = await database.call("stop_turn", argsOf(key));
      const turn = turnFromRow(row?.stop_turn as TurnRow);
      if (turn.status !== "running") return turn;
    } else {
      found.live.stopping.abort(new TurnEnded("stopped", null));
    }
    await reader.settled(key, STOP_TIMEOUT);
    if (found?.live.persisted !== false) return (await reader.getTurn(owner, key)).turn;
    const { status, error } = found.live.answer();
    return { ...unsavedTurn(found.turn), status, error, settledAt: new Date().toISOString() };
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
      await tokens.load();
      const unsaved = tokens.open(token);
      if (unsaved?.ownerId !== ownerId(owner) || unsaved.conversationId !== conversationId) {
        // Whoever may not write here is told so first.
        await database.call("get_conversation", { owner: ownerId(owner), conversation: conversationId });
        throw refusedToken();
      }
      const { isNew, turn } = await importUnsavedTurn(database, unsaved);
      if (isNew) imported += 1;
      return turn;
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
      checkRange(follows.after, "after", 0, Number.MAX_SAFE_INTEGER, 0);
      orphans.touch();
      const key = turnKey(owner, conversationId, turnId);
      await findOwn(key);
      yield* reader.follow(key, follows);
    },

    stopTurn,

    answerSoFar(owner, conversationId, turnId) {
      orphans.touch();
      return reader.answerSoFar(owner, conversationId, turnId);
    },
    running: running.count,
    unsaved: () => ({ shown: tokens.signed(), saved: imported }),

    async close(grace) {
      isClosing = true;
      await running.close(grace);
      await orphans.close();
      await node.release().catch(onError);
      wakeups.close();
    },
  };
}

/** As the database compares a question with the one that it holds under this id. */
function isSameQuestion(one: NewTurn["question"], other: NewTurn["question"]): boolean {
  const [said, before] = [one, other].map(({ parts, contextText = null }) =>
    JSON.stringify([parts, contextText]),
  );
  return said === before;
}
