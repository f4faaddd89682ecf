import { randomUUID } from "node:crypto";
import { setImmediate as afterThis } from "node:timers/promises";

import {
  type Answer,
  ChatkeepError,
  type Chunk,
  type FollowOptions,
  type History,
  type Owner,
  type Question,
  type Responder,
  type ShownAnswer,
  type StartedTurn,
  type Summary,
  type Turn,
  type TurnEvent,
  type TurnState,
  createFold,
  isChatkeepError,
  openCalls,
  replayEvents,
} from "@chatkeep/protocol";

import { CONTEXT_MESSAGES } from "../context/context.ts";
import type { Preparation } from "../context/prepare.ts";
import { type ConversationRow, conversationFromRow } from "../conversations.ts";
import type { Database } from "../database/database.ts";
import type { ConnectionPool } from "../database/pool.ts";
import { type Limits, checkRange } from "../limits.ts";
import { type CheckedMessage, type MessageRow, checkMessage, messageOf, withAnswer } from "../messages.ts";
import { ownerId } from "../owners.ts";
import { wordTextOf } from "../search/text.ts";
import { previewOf, titleOf } from "../title.ts";
import { createEnding } from "./ending.ts";
import { createFlushLoop } from "./flush.ts";
import { followLive } from "./follow.ts";
import { type LiveTurn, createLiveTurn } from "./live.ts";
import { type LogPlace, followLog, readLog } from "./log.ts";
import { createNode } from "./node.ts";
import { createReceipts } from "./receipts.ts";
import { type TurnRow, turnFromRow } from "./rows.ts";
import { TurnEnded, runResponder } from "./run.ts";
import { INTERRUPTED, createTakeover } from "./takeover.ts";
import { UNSAVED_FAILURE, unsavedConversation, unsavedOf, unsavedQuestion } from "./unsaved.ts";
import { createWakeups } from "./wakeups.ts";

/** What is done with a question while the database is down: refuse it, or answer it without saving. */
export type OutagePolicy = "required" | "best-effort";

/** What {@link createTurns} takes; the times are milliseconds. */
export interface TurnsOptions {
  readonly database: Database;
  readonly pool: ConnectionPool;
  readonly limits: Limits;
  readonly responder: Responder | undefined;
  /** Gives the responder its context. */
  readonly preparation: Preparation;
  readonly lease: number;
  readonly eventsGrace: number;
  readonly responderPatience: number;
  readonly outage: Readonly<Record<Owner["kind"], OutagePolicy>>;
  readonly onError: (error: unknown, turnId?: string) => void;
}

/** The part of {@link History} that is about turns, and what the rest of it needs of them. */
export interface Turns extends Pick<History, "startTurn" | "getTurn" | "followTurn" | "stopTurn"> {
  /** The answer so far of a running turn, as far as it is committed. */
  answerSoFar(owner: Owner, conversationId: string, turnId: string): Promise<Answer>;
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
/** A node counts as dead a little before the lease is over, so that its turns are settled within it. */
const LEASE_SHARE = 0.8;

/** Turns: begun in the database, run here, settled in the database; see docs/decisions for the why. */
export function createTurns(options: TurnsOptions): Turns {
  const { database, limits } = options;
  const lease = options.lease * LEASE_SHARE;
  /** The turns that run here, and how each ends. */
  const lives = new Map<string, { live: LiveTurn; messageId: string; done: Promise<void> }>();
  const wakeups = createWakeups(options.pool, database.breaker);
  const receipts = createReceipts(database);
  const node = createNode({
    database,
    lease,
    prepare: receipts.load,
    // What was begun since then is of another id.
    onFenced: () => {
      for (const { live } of lives.values())
        if (live.persisted) drop(live.id, new TurnEnded("interrupted", INTERRUPTED));
    },
  });
  const ending = createEnding({ database, node: node.last, onStalled, onError: options.onError });
  let saved = 0;
  const takeover = createTakeover({
    database,
    lease,
    grace: options.eventsGrace,
    node: node.current,
    known: () => [...lives.keys(), ...ending.doubted()],
    onError: options.onError,
  });
  let closing = false;

  /** A node notifies only while there are others: here is one that reads, though it may run no turn. */
  const announce = async (): Promise<boolean> => !closing && node.announce();

  const drop = (turnId: string, reason: TurnEnded): void => {
    const entry = lives.get(turnId);
    if (entry === undefined) return;
    lives.delete(turnId);
    entry.live.lost();
    entry.live.stopping.abort(reason);
  };

  const flushes = createFlushLoop({
    database,
    lease,
    node: node.last,
    onFenced: node.fenced,
    onStalled,
    onStop: (turnId) => lives.get(turnId)?.live.stopping.abort(new TurnEnded("stopped", null)),
    onGone: (turnId) => drop(turnId, new TurnEnded("stopped", null)),
  });

  function onStalled(live: LiveTurn, error: Error): void {
    // An outage tells of itself.
    if (!database.breaker.isOpen()) options.onError(error, live.id);
    if (options.outage[live.owner.kind] === "best-effort") live.release();
    else live.stalled(error);
  }

  const placeOf = (owner: Owner, conversationId: string, turnId: string): LogPlace => {
    // Turn ids are UUIDs of our own; anything else is nobody's.
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(turnId)) {
      throw new ChatkeepError("turn_not_found", "There is no turn with this id in the conversation.");
    }
    return { owner, conversationId, turnId: turnId.toLowerCase() };
  };

  const liveOf = ({ owner, conversationId, turnId }: LogPlace): LiveTurn | undefined => {
    const live = lives.get(turnId)?.live;
    return live?.ownerId === ownerId(owner) && live.conversationId === conversationId ? live : undefined;
  };

  const follow = (place: LogPlace, { after = 0, signal }: FollowOptions): AsyncIterable<TurnEvent> => {
    takeover.touch();
    const live = liveOf(place);
    const how = { database, wakeups, announce, after, signal };
    return live === undefined ? followLog(place, how) : followLive(live, place, how);
  };

  /** A settled turn's stream from its stored answer, once its events are dropped. */
  const followOrReplay = async function* (
    place: LogPlace,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<TurnEvent, void, void> {
    try {
      yield* follow(place, { signal });
    } catch (error) {
      if (!isChatkeepError(error, "events_expired")) throw error;
      yield* replayEvents(await getTurn(place));
    }
  };

  const begin = async (
    owner: Owner,
    conversationId: string,
    question: CheckedMessage,
    ids: { turnId: string; replyId: string },
    start: Chunk,
  ) => {
    const call = async (id: number) =>
      database.call("begin_turn", {
        owner: ownerId(owner),
        conversation: conversationId,
        node: id,
        lease,
        turn_id: ids.turnId,
        message_id: question.id,
        reply_id: ids.replyId,
        role: question.role,
        body: question.parts,
        context_text: question.contextText ?? null,
        metadata: question.metadata ?? null,
        word_text: wordTextOf(question.parts),
        start_chunk: start,
        new_title: question.role === "tool" ? null : titleOf(question.parts),
        new_preview: previewOf(question.parts),
        context_limit: CONTEXT_MESSAGES,
      });
    return node.run(call);
  };

  /** Refuses results that answer no call of the last answer; those that are stored already are a retry. */
  const requireOpenCalls = async (
    owner: Owner,
    conversationId: string,
    { id, parts }: CheckedMessage,
  ): Promise<void> => {
    const results = parts.filter((part) => part.type === "tool-result");
    if (results.length < parts.length) {
      throw new ChatkeepError("invalid_request", "A tool's message holds results and nothing else.", {
        pointer: "/parts",
      });
    }
    const [row] = await database.call("get_context", {
      owner: ownerId(owner),
      conversation: conversationId,
      context_limit: CONTEXT_MESSAGES,
    });
    const latest = ((row?.history ?? []) as MessageRow[]).map((one) => messageOf(one, owner));
    if (latest.some((message) => message.id === id)) return;
    const open = openCalls(latest);
    const lost = results.find((result) => !open.has(result.id));
    if (lost === undefined) return;
    const detail = `No call \`${lost.id}\` of the last answer waits for a result. Read the messages again.`;
    throw new ChatkeepError("conflict", detail, { pointer: "/parts" });
  };

  const startTurn = async (
    owner: Owner,
    conversationId: string,
    given: Question,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<StartedTurn> => {
    const { responder } = options;
    if (responder === undefined)
      throw new TypeError("This history has no responder: pass one to createHistory to start turns.");
    if (closing)
      throw new ChatkeepError("unavailable", "This server is going down. Try again in a moment.", {
        retryAfter: 1,
      });
    takeover.touch();
    const { role = "user" } = given;
    const question = checkMessage({ ...given, role }, limits);
    if (role === "tool") await requireOpenCalls(owner, conversationId, question);
    const ids = { turnId: randomUUID(), replyId: randomUUID() };
    if (given.shown !== undefined) return record(owner, conversationId, question, given.shown, signal);
    const now = new Date().toISOString();
    const start = (persisted: boolean): Chunk => startChunk(ids, conversationId, question.id, now, persisted);

    let begun: Awaited<ReturnType<typeof begin>>[number];
    try {
      begun = (await begin(owner, conversationId, question, ids, start(true)))[0]!;
    } catch (error) {
      // Results without what they answer are no question.
      const isAnswered = role === "user" && options.outage[owner.kind] === "best-effort";
      if (!isAnswered || !isChatkeepError(error, "unavailable")) throw error;
      return startUnsaved(responder, owner, conversationId, question, ids, start(false), signal);
    }
    const turn = turnFromRow(begun.turn as TurnRow);
    const place = placeOf(owner, conversationId, turn.id);
    if (begun.outcome === "attached") return { turn, events: followOrReplay(place, signal) };

    const live = createLiveTurn({
      id: turn.id,
      owner,
      ownerId: ownerId(owner),
      conversationId,
      start: start(true),
      persisted: true,
      receipt: (answer, status) =>
        receipts.sign(unsavedOf(owner, conversationId, question, { ...turnIds(turn), ...answer, status })),
      onPending: () => flushes.wake(live),
    });
    const history = (begun.history as MessageRow[]).map((row) => messageOf(row, owner));
    const prepared = options.preparation.prepare(responder, history, begun.summary as Summary | null);
    run(live, prepared, question.id, {
      owner,
      conversation: conversationFromRow(begun.conversation_row as ConversationRow, owner),
      turnId: turn.id,
      question: messageOf(begun.question as MessageRow, owner),
      history: [],
      recalled: [],
      summary: null,
      signal: live.stopping.signal,
    });
    // The model is asked first: somebody waits for it.
    await afterThis();
    return { turn, events: follow(place, { signal }) };
  };

  /** Stores an answer that was shown during an outage, as it was shown. */
  const record = async (
    owner: Owner,
    conversationId: string,
    question: CheckedMessage,
    shown: ShownAnswer,
    signal: AbortSignal | undefined,
  ): Promise<StartedTurn> => {
    await receipts.load();
    if (!receipts.verify(unsavedOf(owner, conversationId, question, shown), shown.receipt)) {
      const detail = "This receipt is not ours or not of this answer. Ask the question anew.";
      throw new ChatkeepError("invalid_request", detail, { pointer: "/shown/receipt" });
    }
    const [row] = await database.call("record_turn", {
      owner: ownerId(owner),
      conversation: conversationId,
      turn_id: shown.turnId,
      message_id: question.id,
      reply_id: shown.replyId,
      body: question.parts,
      context_text: question.contextText ?? null,
      metadata: question.metadata ?? null,
      reply_status: shown.status,
      reply_body: shown.parts,
      reply_error: shown.status === "failed" ? UNSAVED_FAILURE : null,
      word_text: wordTextOf(question.parts),
      reply_word_text: wordTextOf(shown.parts),
      new_title: titleOf(question.parts),
      new_preview: previewOf(shown.parts),
    });
    if (row?.outcome === "recorded") saved += 1;
    const turn = turnFromRow(row?.turn as TurnRow);
    return { turn, events: followOrReplay(placeOf(owner, conversationId, turn.id), signal) };
  };

  const startUnsaved = (
    responder: Responder,
    owner: Owner,
    conversationId: string,
    question: CheckedMessage,
    ids: { turnId: string; replyId: string },
    start: Chunk,
    signal: AbortSignal | undefined,
  ): StartedTurn => {
    // The same question again attaches, as far as this node knows.
    const same = [...lives.values()].find(
      ({ live, messageId }) =>
        messageId === question.id &&
        live.ownerId === ownerId(owner) &&
        live.conversationId === conversationId,
    );
    const turnId = same?.live.id ?? ids.turnId;
    const turn: Turn = {
      id: turnId,
      conversationId,
      status: "running",
      messageId: question.id,
      replyId: ids.replyId,
      persisted: false,
      error: null,
      createdAt: new Date().toISOString(),
      settledAt: null,
    };
    if (same === undefined) {
      const live = createLiveTurn({
        id: turnId,
        owner,
        ownerId: ownerId(owner),
        conversationId,
        start,
        persisted: false,
        receipt: (answer, status) =>
          receipts.sign(unsavedOf(owner, conversationId, question, { ...ids, ...answer, status })),
        onPending: () => undefined,
      });
      run(live, responder, question.id, {
        owner,
        conversation: unsavedConversation(conversationId, owner),
        turnId,
        question: unsavedQuestion(question, turn, owner),
        history: [],
        recalled: [],
        summary: null,
        signal: live.stopping.signal,
      });
    }
    return { turn, events: follow(placeOf(owner, conversationId, turnId), { signal }) };
  };

  const run = (
    live: LiveTurn,
    responder: Responder,
    messageId: string,
    request: Parameters<Responder>[0],
  ): void => {
    if (live.persisted) flushes.add(live);
    const work = async (): Promise<void> => {
      const end = await runResponder({
        responder,
        request,
        turn: live,
        patience: options.responderPatience,
        onError: (error) => options.onError(error, live.id),
      });
      const removed = flushes.remove(live);
      // What is shown without its commit, in an outage, ends without it too.
      await Promise.race([removed, live.released()]);
      if (lives.has(live.id)) {
        const last = live.end(end.status, end.error);
        await removed;
        await ending.settle(live, end, last);
      }
      lives.delete(live.id);
    };
    // The entry is there before the work begins: a responder may end at once.
    const { promise, resolve } = Promise.withResolvers<void>();
    lives.set(live.id, { live, messageId, done: promise });
    void work()
      .catch((error: unknown) => options.onError(error, live.id))
      .finally(resolve);
  };

  const getTurn = async ({ owner, conversationId, turnId }: LogPlace): Promise<TurnState> => {
    takeover.touch();
    const [row] = await database.call("get_turn", {
      owner: ownerId(owner),
      conversation: conversationId,
      turn_id: turnId,
    });
    const reply = row?.reply as MessageRow | null | undefined;
    return {
      turn: turnFromRow(row?.turn as TurnRow),
      message: messageOf(row?.question as MessageRow, owner),
      reply:
        reply === null || reply === undefined
          ? null
          : await withAnswer(messageOf(reply, owner), owner, answerSoFar),
    };
  };

  const answerSoFar = async (owner: Owner, conversationId: string, turnId: string): Promise<Answer> => {
    takeover.touch();
    const place = placeOf(owner, conversationId, turnId);
    const live = liveOf(place);
    if (live !== undefined) return live.answer();
    const fold = createFold();
    for (let after = 0; ;) {
      const { events } = await readLog(database, place, after);
      if (events.length === 0) return fold.answer();
      for (const { chunk } of events) fold.push(chunk);
      after = events.at(-1)!.seq;
    }
  };

  /**
   * Asks the database whose a turn of this node is: a claim may have moved it to another owner. While the
   * database is down, whoever began it goes on.
   */
  const requireOwn = async (place: LogPlace): Promise<void> => {
    if (liveOf(place)?.persisted !== true) return;
    try {
      await readLog(database, place, Number.MAX_SAFE_INTEGER);
    } catch (error) {
      if (!isChatkeepError(error, "unavailable")) throw error;
    }
  };

  /** Resolves when the turn is settled, wherever it runs, or after {@link STOP_PATIENCE}. */
  const settled = async (place: LogPlace): Promise<void> => {
    const signal = AbortSignal.timeout(STOP_PATIENCE);
    try {
      for await (const _ of follow(place, { signal })) {
        // Only the end counts.
      }
    } catch (error) {
      if (!isChatkeepError(error, "events_expired")) throw error;
    }
  };

  return {
    startTurn,
    getTurn: async (owner, conversationId, turnId) => getTurn(placeOf(owner, conversationId, turnId)),
    async *followTurn(owner, conversationId, turnId, follows = {}) {
      checkRange(follows.after, "after", 0, Number.MAX_SAFE_INTEGER, 0);
      const place = placeOf(owner, conversationId, turnId);
      await requireOwn(place);
      yield* follow(place, follows);
    },

    async stopTurn(owner, conversationId, turnId) {
      const place = placeOf(owner, conversationId, turnId);
      await requireOwn(place);
      const live = liveOf(place);
      if (live === undefined) {
        const [row] = await database.call("stop_turn", {
          owner: ownerId(owner),
          conversation: conversationId,
          turn_id: place.turnId,
        });
        const turn = turnFromRow(row?.stop_turn as TurnRow);
        if (turn.status !== "running") return turn;
      } else {
        live.stopping.abort(new TurnEnded("stopped", null));
      }
      await settled(place);
      return (await getTurn(place)).turn;
    },

    answerSoFar,
    running: () => lives.size,
    unsaved: () => ({ shown: receipts.signed(), saved }),

    async close(grace) {
      closing = true;
      const left = AbortSignal.timeout(Math.max(1, grace));
      const all = (): Promise<unknown> => Promise.all([...lives.values()].map(({ done }) => done));
      await Promise.race([all(), new Promise((resolve) => left.addEventListener("abort", resolve))]);
      for (const { live } of lives.values()) live.stopping.abort(new TurnEnded("interrupted", INTERRUPTED));
      // A database that is down is not waited for: another node settles these when their lease is over.
      const settling = Promise.withResolvers<void>();
      const timer = setTimeout(settling.resolve, 5000);
      await Promise.race([all(), settling.promise]);
      clearTimeout(timer);
      await takeover.close();
      await node.release().catch(options.onError);
      wakeups.close();
    },
  };
}

function turnIds(turn: Turn): { turnId: string; replyId: string } {
  return { turnId: turn.id, replyId: turn.replyId ?? "" };
}

function startChunk(
  ids: { turnId: string; replyId: string },
  conversationId: string,
  messageId: string,
  createdAt: string,
  persisted: boolean,
): Chunk {
  return {
    type: "start",
    messageId: ids.replyId,
    messageMetadata: {
      turn_id: ids.turnId,
      conversation_id: conversationId,
      message_id: messageId,
      persisted,
      created_at: createdAt,
    },
  };
}
