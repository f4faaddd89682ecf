import type { Conversation, History, Owner } from "@chatkeep/protocol";

import { backoff, pause } from "./backoff.ts";
import { textOf } from "./content.ts";
import type { Entry } from "./entry.ts";
import { isGone, isPassing, sentenceOf } from "./failure.ts";
import type { Connection } from "./follow.ts";
import type { LiveTurn } from "./live.ts";
import type { Outbox } from "./outbox.ts";
import { createQuestions } from "./question.ts";
import { createReader } from "./reader.ts";
import { createSender } from "./sender.ts";
import { type Readable, type Schedule, createSnapshot } from "./snapshot.ts";
import { createTranscript } from "./transcript.ts";
import { createTurns } from "./turns.ts";

/**
 * What is known of a conversation's stored messages: `new` before its first question, `loading`, `ready`;
 * `failed` when they could not be read (it may hold much: never shown as empty), `missing` when it does not
 * exist or is not this owner's.
 */
export type ThreadStatus = "new" | "loading" | "ready" | "failed" | "missing";

/** The last boundary that a person who cannot see the page is told of. */
export type Outcome = "none" | "generating" | "complete" | "stopped" | "interrupted" | "failed" | "not_sent";

/** A conversation as it is shown. */
export interface ThreadState {
  readonly conversationId: string;
  readonly status: ThreadStatus;
  /** The sentence why the messages could not be read. */
  readonly failure: string | null;
  /** Oldest first. */
  readonly entries: readonly Entry[];
  /** Whether older messages than these exist, are on their way, or could not be read. */
  readonly older: "none" | "more" | "loading" | "failed";
  /** The answer that is being made; `replyId` is `null` until the server has taken the question. */
  readonly running: {
    readonly replyId: string | null;
    readonly stopping: boolean;
    readonly connection: Connection;
  } | null;
  readonly outcome: Outcome;
}

/** One conversation: its messages, its running answer and its questions on their way. */
export interface Thread extends Readable<ThreadState> {
  readonly conversationId: string;
  /** Reads the latest messages the first time, later what has come since; follows a running turn. */
  open(): Promise<void>;
  /** Reads the page before the oldest message loaded. */
  loadOlder(): Promise<void>;
  /** Asks: shown at once, sent as soon as no other answer runs in this conversation. */
  send(text: string, contextText?: string | null): void;
  /** Sends a `failed` question again under its id. */
  retry(questionId: string): void;
  /** Takes back a `queued` or `failed` question and gives its text; `null` when it is on its way already. */
  withdraw(questionId: string): string | null;
  /** Asks the question of an answer that failed or was cut off once more, as a new question. */
  askAgain(replyId: string): void;
  /** Ends the running answer; its text so far is kept. */
  stop(): Promise<void>;
  /** Detaches from running streams until it is opened again; nothing is stopped. */
  rest(): void;
  close(): void;
}

/** What {@link createThread} takes. */
export interface ThreadOptions {
  readonly history: History;
  readonly owner: Owner;
  readonly conversationId: string;
  /** `new`: made by this page and not yet created in the store. */
  readonly origin: "new" | "stored";
  readonly outbox: Outbox;
  /** Told what is known of the conversation when it was `read`, or when it has become `active`. */
  readonly onConversation?: ((event: "read" | "active", conversation: Conversation) => void) | undefined;
  /** Default: the next animation frame. */
  readonly schedule?: Schedule | undefined;
}

/** Attempts to stop a turn before the button is offered again. */
const STOP_ATTEMPTS = 3;

/** Reads and sends nothing by itself: call `open()`. */
export function createThread(options: ThreadOptions): Thread {
  const { history, owner, conversationId, outbox, onConversation } = options;
  const closing = new AbortController();
  const { signal } = closing;
  let exists = options.origin === "stored";
  let status: ThreadStatus = exists ? "loading" : "new";
  let failure: string | null = null;
  let outcome: Outcome = "none";
  let stopOnStart = false;

  const changed = (): void => snapshot.changed();
  const tell = (outcomeNow: Outcome): void => {
    outcome = outcomeNow;
    changed();
  };
  const transcript = createTranscript();
  const questions = createQuestions({ conversationId, outbox, onChange: changed });
  const reader = createReader({
    history,
    owner,
    conversationId,
    onChange: changed,
    onConversation: (conversation) => onConversation?.("read", conversation),
  });
  const turns = createTurns({
    history,
    owner,
    conversationId,
    onChange: changed,
    onEnd: (live) => void settle(live),
  });
  const sender = createSender({
    history,
    owner,
    conversationId,
    questions,
    isRunning: () => turns.running() !== undefined,
    async ensureConversation() {
      if (exists) return;
      const { conversation } = await history.createConversation(owner, { id: conversationId });
      exists = true;
      onConversation?.("active", conversation);
    },
    onStart(question, { turn, events }, controller) {
      questions.mark(question.id, turn.persisted ? "saved" : "unsaved");
      if (status === "new") status = "ready";
      turns.follow({ ...turn, replyId: turn.replyId ?? `${turn.id}-reply` }, { events, controller });
      tell("generating");
      void reportActivity();
      if (stopOnStart) void stop();
    },
    onBusy: followTurn,
    onProgress: (progress) => tell(progress === "sending" ? "none" : "not_sent"),
  });

  const snapshot = createSnapshot<ThreadState>({
    schedule: options.schedule,
    build: () => ({
      conversationId,
      status,
      failure,
      entries: transcript(reader.window.list(), turns.list(), questions.list()),
      older: reader.older(),
      running: running(),
      outcome,
    }),
  });

  function running(): ThreadState["running"] {
    const live = turns.running();
    if (live !== undefined) {
      const { replyId, stopping, connection } = live;
      return { replyId, stopping, connection };
    }
    return sender.sending() ? { replyId: null, stopping: stopOnStart, connection: "live" } : null;
  }

  const pump = async (): Promise<void> => {
    await sender.pump();
    changed();
  };

  const reportActivity = async (): Promise<void> => {
    const conversation = await history.getConversation(owner, conversationId).catch(() => undefined);
    if (conversation !== undefined && !signal.aborted) onConversation?.("active", conversation);
  };

  /** Reads, and forgets what the store now tells better than this page. */
  const read = async (): Promise<void> => {
    await reader.read();
    const live = turns.running();
    for (const turn of turns.list()) {
      const stored = reader.window.get(turn.replyId);
      if (stored !== undefined && stored.status !== "streaming" && turn !== live) turns.remove(turn.turnId);
    }
    for (const { id } of questions.list()) if (reader.window.get(id) !== undefined) questions.remove(id);
  };

  /** Follows a turn that this page did not begin, if it still runs. */
  async function followTurn(turnId: string): Promise<void> {
    const { turn } = await history.getTurn(owner, conversationId, turnId);
    await read();
    if (signal.aborted || turn.status !== "running" || turn.replyId === null) return;
    turns.follow({ ...turn, replyId: turn.replyId });
    tell("generating");
  }

  const open = async (): Promise<void> => {
    if (signal.aborted) return;
    if (exists) await openStored();
    return pump();
  };

  const openStored = async (): Promise<void> => {
    if (status !== "ready") status = "loading";
    changed();
    try {
      await read();
      status = "ready";
      failure = null;
      turns.resume();
      const reply = reader.window.list().findLast((message) => message.status === "streaming");
      const turnId = reply?.turnId ?? null;
      const followed = turns.list().some((live) => live.turnId === turnId);
      if (turnId !== null && !followed) await followTurn(turnId);
    } catch (error) {
      if (isGone(error)) {
        // A conversation whose first question never arrived is not missing: it was never begun.
        exists = questions.list().length === 0;
        status = exists ? "missing" : "new";
      } else if (status !== "ready") status = "failed";
      failure = sentenceOf(error);
    }
    changed();
  };

  /** Reads back the messages of a turn that has ended, trying until the store can be reached. */
  async function settle(live: LiveTurn): Promise<void> {
    const end = live.answer().status;
    tell(end === "running" ? "interrupted" : end);
    for (let attempt = 0; live.persisted && !signal.aborted; attempt++) {
      try {
        await read();
        break;
      } catch (error) {
        if (!isPassing(error)) break;
        await pause({ ms: backoff(attempt), signal });
      }
    }
    void reportActivity();
    return pump();
  }

  async function stop(): Promise<void> {
    const live = turns.running();
    stopOnStart = live === undefined && sender.sending();
    changed();
    if (live === undefined) return;
    live.stopping = true;
    for (let attempt = 0; attempt < STOP_ATTEMPTS; attempt++) {
      try {
        await history.stopTurn(owner, conversationId, live.turnId);
        return;
      } catch (error) {
        if (!isPassing(error) || signal.aborted) break;
        await pause({ ms: backoff(attempt), signal });
      }
    }
    live.stopping = false;
    changed();
  }

  const send = (text: string, contextText: string | null = null): void => {
    questions.add(text, contextText);
    void pump();
  };

  return {
    conversationId,
    getSnapshot: snapshot.getSnapshot,
    subscribe: snapshot.subscribe,
    open,
    loadOlder: () => reader.readOlder(),
    send,
    retry(questionId) {
      if (questions.get(questionId)?.delivery === "failed") questions.mark(questionId, "queued");
      void pump();
    },
    withdraw(questionId) {
      const question = questions.get(questionId);
      if (question?.delivery !== "failed" && question?.delivery !== "queued") return null;
      questions.remove(questionId);
      return question.text;
    },
    askAgain(replyId) {
      const { entries } = snapshot.getSnapshot();
      const index = entries.findIndex((entry) => entry.id === replyId);
      const question = entries.slice(0, index).findLast((entry) => entry.role === "user");
      if (question !== undefined) send(textOf(question.parts), question.contextText);
    },
    stop,
    rest: () => turns.rest(),
    close() {
      closing.abort();
      sender.close();
      turns.rest();
    },
  };
}
