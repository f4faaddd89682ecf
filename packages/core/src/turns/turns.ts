import { randomUUID } from "node:crypto";
import { setImmediate as afterThis } from "node:timers/promises";

import {
  type Answer,
  ChatkeepError,
  type History,
  type Owner,
  type Question,
  type Responder,
  type ShownAnswer,
  type StartedTurn,
  isChatkeepError,
} from "@chatkeep/protocol";

import type { Preparation } from "../context/prepare.ts";
import type { ConversationRow } from "../conversations.ts";
import { idempotencyMismatch, isPoolFull } from "../database/failure.ts";
import type { ConnectionPool } from "../database/pool.ts";
import { type Limits, checkId, checkRange } from "../maintenance/limits.ts";
import { type CheckedMessage, checkMessage } from "../messages.ts";
import { ownerId } from "../owners.ts";
import {
  type Asked,
  type NewTurn,
  beginTurn,
  questionOf,
  recordTurn,
  requireOpenCalls,
  startChunk,
} from "./begin.ts";
import { placeOf } from "./log.ts";
import { goingDown } from "./node.ts";
import { createReading } from "./reading.ts";
import { createReceipts } from "./receipts.ts";
import { type TurnRow, turnFromRow } from "./rows.ts";
import { TurnEnded } from "./run.ts";
import { type Entry, type RunningOptions, createRunning } from "./running.ts";
import { unsavedConversation, unsavedOf, unsavedQuestion, unsavedTurn } from "./unsaved.ts";

/** What {@link createTurns} takes. */
export interface TurnsOptions extends Omit<RunningOptions, "receipts"> {
  readonly pool: ConnectionPool;
  readonly limits: Limits;
  readonly responder: Responder | undefined;
  /** Gives the responder its context. */
  readonly preparation: Preparation;
}

/** The part of {@link History} that is about turns, and what the rest of it needs of them. */
export interface Turns extends Pick<
  History,
  "startTurn" | "regenerate" | "getTurn" | "followTurn" | "stopTurn"
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
  /** Shown by this node with a receipt. */
  readonly shown: number;
  /** Brought back to this node and saved; those that others showed are among them. */
  readonly saved: number;
}

/** Milliseconds that a stop waits for the turn to be settled. */
const STOP_PATIENCE = 1000;

/** Turns: begun in the database, run here, settled in the database; see docs/decisions for the why. */
export function createTurns(options: TurnsOptions): Turns {
  const { database, pool, limits } = options;
  const receipts = createReceipts(database);
  const running = createRunning({ ...options, receipts });
  const reading = createReading({ database, pool, running });
  let saved = 0;

  const startTurn = async (
    owner: Owner,
    conversationId: string,
    given: Question,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<StartedTurn> => {
    const { responder } = options;
    if (responder === undefined) throw withoutResponder();
    if (running.isClosing()) throw goingDown();
    running.touch();
    const { role = "user" } = given;
    const question = { ...checkMessage({ ...given, role }, limits), parent: given.parent };
    const asked: Asked = { owner, conversationId, question, isStored: false };
    if (role === "tool") await requireOpenCalls(database, asked);
    if (given.shown !== undefined) return record(asked, given.shown, signal);
    const known = running.findAsked(asked);
    // The database may be back by now, and has heard nothing of it.
    if (known?.live.persisted === false) return attach(asked, known, signal);
    const made = { turnId: randomUUID(), replyId: randomUUID(), createdAt: new Date().toISOString() };
    try {
      return await begin(asked, made, responder, signal);
    } catch (error) {
      // Results without what they answer are no question.
      const isAnswered = role === "user" && options.outage[owner.kind] === "best-effort";
      if (!isAnswered || running.isClosing() || !isChatkeepError(error, "unavailable")) throw error;
      // An answer that could be saved a moment later is not given unsaved.
      if (isPoolFull(error)) throw error;
      return startUnsaved(asked, made, responder, signal);
    }
  };

  /** Begins a turn in the database, and runs it here. */
  const begin = async (
    asked: Asked,
    made: NewTurn,
    responder: Responder,
    signal: AbortSignal | undefined,
  ): Promise<StartedTurn> => {
    const { owner, conversationId } = asked;
    const start = startChunk(asked, made, true);
    const begun = await beginTurn(asked, { database, node: running.node, made, start });
    const { turn, conversation, question, history, summary } = begun;
    const place = placeOf(owner, conversationId, turn.id);
    if (!begun.isNew) return { turn, events: reading.followOrReplay(place, signal) };
    running.run({
      asked,
      made,
      start,
      persisted: true,
      responder: options.preparation.prepare(responder, history, summary),
      conversation,
      question,
    });
    // The model is asked first: somebody waits for it.
    await afterThis();
    return { turn, events: reading.follow(place, { signal }) };
  };

  /** Stores an answer that was shown during an outage, as it was shown. */
  const record = async (
    asked: Asked,
    shown: ShownAnswer,
    signal: AbortSignal | undefined,
  ): Promise<StartedTurn> => {
    const { owner, conversationId } = asked;
    await receipts.load();
    if (!receipts.verify(unsavedOf(asked, shown), shown.receipt)) {
      const detail = "This receipt is not ours or not of this answer. Ask the question anew.";
      throw new ChatkeepError("invalid_request", detail, { pointer: "/shown/receipt" });
    }
    const { isNew, turn } = await recordTurn(database, asked, shown);
    if (isNew) saved += 1;
    return { turn, events: reading.followOrReplay(placeOf(owner, conversationId, turn.id), signal) };
  };

  /** Answers without saving. The same question again attaches, as far as this node knows. */
  const startUnsaved = (
    asked: Asked,
    made: NewTurn,
    responder: Responder,
    signal: AbortSignal | undefined,
  ): StartedTurn => {
    const known = running.findAsked(asked);
    if (known !== undefined) return attach(asked, known, signal);
    const turn = unsavedTurn(asked, made);
    running.run({
      asked,
      made,
      start: startChunk(asked, made, false),
      persisted: false,
      responder,
      conversation: unsavedConversation(asked),
      question: unsavedQuestion(asked, turn),
    });
    return { turn, events: reading.follow(placeOf(asked.owner, asked.conversationId, turn.id), { signal }) };
  };

  /** The turn that runs here for the same question, which the database cannot be asked for. */
  const attach = (asked: Asked, known: Entry, signal: AbortSignal | undefined): StartedTurn => {
    if (!isSameQuestion(asked.question, known.asked.question)) throw idempotencyMismatch();
    const turn = unsavedTurn(asked, known.made);
    return { turn, events: reading.follow(placeOf(asked.owner, asked.conversationId, turn.id), { signal }) };
  };

  const stopTurn: Turns["stopTurn"] = async (owner, conversationId, turnId) => {
    const place = placeOf(owner, conversationId, turnId);
    const entry = await running.findOwn(place);
    if (entry === undefined) {
      const [row] = await database.call("stop_turn", {
        owner: ownerId(owner),
        conversation: conversationId,
        turn_id: place.turnId,
      });
      const turn = turnFromRow(row?.stop_turn as TurnRow);
      if (turn.status !== "running") return turn;
    } else {
      entry.live.stopping.abort(new TurnEnded("stopped", null));
    }
    await reading.settled(place, STOP_PATIENCE);
    if (entry?.live.persisted === false) {
      const { status, error } = entry.live.answer();
      return {
        ...unsavedTurn(entry.asked, entry.made),
        status,
        error,
        settledAt: new Date().toISOString(),
      };
    }
    return (await reading.getTurn(place)).turn;
  };

  return {
    startTurn,

    async regenerate(owner, conversationId, messageId, { id, signal } = {}) {
      const { responder } = options;
      if (responder === undefined) throw withoutResponder();
      if (running.isClosing()) throw goingDown();
      running.touch();
      if (id !== undefined) checkId(id, "/id");
      const question = await questionOf(database, owner, conversationId, messageId);
      const made = {
        turnId: randomUUID(),
        replyId: id ?? randomUUID(),
        createdAt: new Date().toISOString(),
      };
      return begin({ owner, conversationId, question, isStored: true }, made, responder, signal);
    },

    async stopRunning(owner, conversationId) {
      const [row] = await database.call("get_conversation", {
        owner: ownerId(owner),
        conversation: conversationId,
      });
      const turnId = (row?.get_conversation as ConversationRow | undefined)?.running_turn ?? null;
      if (turnId !== null) await stopTurn(owner, conversationId, turnId);
    },

    getTurn: async (owner, conversationId, turnId) => reading.getTurn(placeOf(owner, conversationId, turnId)),
    async *followTurn(owner, conversationId, turnId, follows = {}) {
      checkRange(follows.after, "after", 0, Number.MAX_SAFE_INTEGER, 0);
      const place = placeOf(owner, conversationId, turnId);
      // Only for who owns it by now.
      await running.findOwn(place);
      yield* reading.follow(place, follows);
    },

    stopTurn,

    answerSoFar: reading.answerSoFar,
    running: running.count,
    unsaved: () => ({ shown: receipts.signed(), saved }),

    async close(grace) {
      await running.close(grace);
      reading.close();
    },
  };
}

/** As the database compares a question with the one that it holds under this id. */
function isSameQuestion(one: CheckedMessage, other: CheckedMessage): boolean {
  const [said, before] = [one, other].map(({ parts, contextText = null }) =>
    JSON.stringify([parts, contextText]),
  );
  return said === before;
}

function withoutResponder(): TypeError {
  return new TypeError("This history has no responder: pass one to createHistory to start turns.");
}
