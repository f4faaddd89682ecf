import type { Conversation, History, Owner } from "@chatkeep/protocol";

import { backoff, pause } from "./backoff.ts";
import { textOf } from "./content.ts";
import { isGone, isPassing, sentenceOf } from "./failure.ts";
import type { LiveTurn } from "./live.ts";
import { createQuestions } from "./question.ts";
import { createReader } from "./reader.ts";
import { createReplay } from "./replay.ts";
import { createSender } from "./sender.ts";
import { type Readable, type Schedule, createSnapshot } from "./snapshot.ts";
import type { Outcome, ThreadState, ThreadStatus } from "./thread-state.ts";
import { createTranscript } from "./transcript.ts";
import { createTurns } from "./turns.ts";
import type { UnsentQuestions } from "./unsent.ts";

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
  readonly unsent: UnsentQuestions;
  /** Told what is known of the conversation when it was `read`, or when it has become `active`. */
  readonly onConversation?: ((event: "read" | "active", conversation: Conversation) => void) | undefined;
  /** Default: the next animation frame. */
  readonly schedule?: Schedule | undefined;
}

/** Reads and sends nothing by itself: call `open()`. */
export function createThread(options: ThreadOptions): Thread {
  const { history, owner, conversationId, unsent, onConversation } = options;
  const closing = new AbortController();
  const { signal } = closing;
  let exists = options.origin === "stored";
  let status: ThreadStatus = exists ? "loading" : "new";
  let failure: string | null = null;
  let outcome: Outcome = "none";
  let stopOnStart = false;
  let report = 0;

  const changed = (): void => snapshot.changed();
  const tell = (outcomeNow: Outcome): void => {
    outcome = outcomeNow;
    changed();
  };
  const transcript = createTranscript();
  const questions = createQuestions({ conversationId, unsent, onChange: changed });
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
    async prepare() {
      if (!exists) await create();
      await replay.attempt();
    },
    onStart(question, { turn, events }, controller) {
      questions.mark(question.id, { delivery: turn.persisted ? "saved" : "unsaved" });
      if (status === "new") status = "ready";
      turns.follow({ ...turn, replyId: turn.replyId ?? `${turn.id}-reply` }, { events, controller });
      tell("generating");
      void reportActivity();
      if (stopOnStart) void stop();
    },
    onBusy: waitFor,
    onProgress: (progress) => tell(progress === "sending" ? "none" : "not_sent"),
  });

  const replay = createReplay({
    history,
    owner,
    conversationId,
    questions,
    onSaved: () => void readBack(),
    onAnew({ id }) {
      for (const live of turns.list()) if (live.questionId === id) turns.remove(live.turnId);
      void pump();
    },
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

  const create = async (): Promise<void> => {
    try {
      const { conversation } = await history.createConversation(owner, { id: conversationId });
      exists = true;
      // It gets its title with the first question; until then that is how it begins.
      const preview = conversation.preview ?? questions.list()[0]?.text ?? null;
      onConversation?.("active", { ...conversation, preview });
    } catch (error) {
      // During an outage the question may be answered all the same, unsaved; it is created with the replay.
      if (!isPassing(error)) throw error;
    }
  };

  /** Another page's turn runs: reads what it has asked, and follows it. */
  async function waitFor(): Promise<void> {
    await read();
    // Settled meanwhile, or not readable now: not asked again in the same moment.
    if (turns.running() === undefined) await pause({ ms: backoff(0), signal });
  }

  const pump = async (): Promise<void> => {
    await sender.pump();
    changed();
  };

  const reportActivity = async (): Promise<void> => {
    // Replies can overtake each other: only the latest is told, or an ended answer would seem to run.
    const mine = ++report;
    const conversation = await history.getConversation(owner, conversationId).catch(() => undefined);
    if (conversation === undefined || mine !== report || signal.aborted) return;
    onConversation?.("active", conversation);
  };

  /** Follows the turn that runs, if this page did not begin it. */
  const followRunning = async (): Promise<void> => {
    const turnId = reader.window.list().findLast(({ status }) => status === "streaming")?.turnId ?? null;
    if (turnId === null || turns.list().some((live) => live.turnId === turnId)) return;
    const { turn } = await history.getTurn(owner, conversationId, turnId);
    if (signal.aborted || turn.status !== "running" || turn.replyId === null) return;
    turns.follow({ ...turn, replyId: turn.replyId });
    tell("generating");
  };

  /** Reads, and forgets what the store now tells better than this page. Says whether trying again can help. */
  const read = async (): Promise<"read" | "passing" | "final"> => {
    const settled = turns.list().filter((live) => live.persisted && live !== turns.running());
    try {
      await reader.read();
      exists = true;
      status = "ready";
      failure = null;
      for (const { turnId, questionId } of settled) {
        // Not stored although it was settled: it was deleted elsewhere.
        turns.remove(turnId);
        questions.remove(questionId);
      }
      for (const { id } of questions.list()) if (reader.window.get(id) !== undefined) questions.remove(id);
      await followRunning();
      return "read";
    } catch (error) {
      if (isGone(error)) {
        // One whose first question never arrived is not missing: it was never begun.
        const begun = status === "ready" || questions.list().every(({ delivery }) => delivery === "saved");
        exists = begun;
        status = begun ? "missing" : "new";
      } else if (status !== "ready") status = "failed";
      failure = sentenceOf(error);
      return isPassing(error) ? "passing" : "final";
    } finally {
      changed();
    }
  };

  const open = async (): Promise<void> => {
    if (signal.aborted) return;
    if (exists) {
      if (status !== "ready") status = "loading";
      changed();
      turns.resume();
      await read();
    }
    if (questions.first("unsaved") !== undefined) replay.start();
    return pump();
  };

  /** Reads what was just stored, trying until the store can be reached. */
  async function readBack(): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      if ((await read()) !== "passing") break;
      await pause({ ms: backoff(attempt), signal });
    }
    void reportActivity();
  }

  /** A turn has ended: what the store has of it replaces what was followed; what it has not is kept for it. */
  async function settle(live: LiveTurn): Promise<void> {
    const { status: end, parts, receipt } = live.answer();
    tell(end === "running" ? "interrupted" : end);
    if (!live.persisted && end !== "running" && receipt !== null) {
      const shown = { turnId: live.turnId, replyId: live.replyId, status: end, parts, receipt };
      questions.mark(live.questionId, { delivery: "unsaved", shown });
      replay.start();
    }
    if (live.persisted) await readBack();
    return pump();
  }

  async function stop(): Promise<void> {
    stopOnStart = turns.running() === undefined && sender.sending();
    changed();
    await turns.stop();
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
      if (questions.get(questionId)?.delivery === "failed")
        questions.mark(questionId, { delivery: "queued" });
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
      replay.close();
      turns.rest();
    },
  };
}
