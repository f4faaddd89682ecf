import type { ConversationInit, Owner } from "@chatkeep/protocol";

export { turnCalls } from "@chatkeep/protocol";

import type { ChatHistory } from "./chat-history.ts";
import { textOf } from "./content.ts";
import type { Entry } from "./entry.ts";
import type { LiveTurn } from "./live.ts";
import { exclusively } from "./lock.ts";
import type { Question, Questions } from "./question.ts";
import { createReplay } from "./replay.ts";
import { createSender } from "./sender.ts";
import { takeBackLast } from "./take-back-last.ts";
import type { Outcome } from "./thread-state.ts";
import { type FollowedTurn, createTurns } from "./turns.ts";

/** Sends a conversation's questions, and follows the turns that answer them. */
export interface Asking {
  /** The turns that are followed, or were and are not yet read back from the store. */
  turns(): readonly LiveTurn[];
  /** The turn that is running, if any is known. */
  running(): LiveTurn | undefined;
  /** The question that is on its way and whose turn has not begun. */
  sending(): "none" | "sending" | "stopping";
  /** Sends what is queued, as long as no answer runs. */
  pump(): Promise<void>;
  /** Saves what was answered without being saved, trying until it is. */
  startReplay(): void;
  /** Follows a turn that this page did not begin. */
  follow(turn: FollowedTurn): void;
  /** Forgets a turn whose answer the store has given, or the turns of a question. */
  forget(which: Partial<Pick<LiveTurn, "turnId" | "questionId">>): void;
  /** Ends the running answer, or the one that is about to begin. */
  stop(): Promise<void>;
  /** As of `Thread`. */
  takeBack(questionId: string): Promise<Pick<Question, "text" | "contextText"> | null>;
  /** As of `Thread`. */
  askAgain(replyId: string): void;
  /** Detaches from all streams; the turns go on, and `resume` follows them again. */
  rest(): void;
  resume(): void;
  close(): void;
}

/** What {@link createAsking} takes. */
export interface AskingOptions {
  readonly history: ChatHistory;
  readonly owner: Owner;
  readonly questions: Questions;
  /** What to create the conversation with. */
  readonly init: ConversationInit & { readonly id: string };
  /** Makes sure that the conversation exists, where it can be reached. */
  readonly prepare: () => Promise<void>;
  /** Reads what was just stored, trying until the store can be reached. */
  readonly readBack: () => Promise<void>;
  readonly entries: () => readonly Entry[];
  /** Whether what is shown reaches the end of the conversation. */
  readonly reaches: () => "end" | "middle";
  /** Asks, in place of a stored question or of none. */
  readonly send: (text: string, contextText: string | null, replaces: string | null) => void;
  /** Told that the conversation has changed. */
  readonly onActivity: () => void;
  /** Told that a question's turn has begun. */
  readonly onStart: () => void;
  /** Told when another page's turn runs; the question waits until it resolves. */
  readonly onBusy: () => Promise<void>;
  /** Told when a stored question was taken back, with all that followed. */
  readonly onTakenBack: (messageId: string) => void;
  readonly onOutcome: (outcome: Outcome) => void;
  readonly onChange: () => void;
}

/** How long taking a question back waits for another tab to let go of it, in milliseconds. */
const LOCK_WAIT = 1_000;

/** Sends nothing by itself: call `pump()`. */
export function createAsking(options: AskingOptions): Asking {
  const { history, owner, questions, init, prepare, readBack, onStart, onOutcome, onChange } = options;
  const conversationId = init.id;
  let stopOnStart = false;

  const turns = createTurns({
    history,
    owner,
    conversationId,
    onChange,
    onEnd: (live) => void settle(live),
  });
  const replay = createReplay({
    history,
    owner,
    init,
    questions,
    onSaved: () => void readBack(),
    onAnew({ id }) {
      forget({ questionId: id });
      void pump();
    },
  });
  const sender = createSender({
    history,
    owner,
    conversationId,
    questions,
    isRunning: () => turns.running() !== undefined,
    async prepare() {
      await prepare();
      await replay.attempt();
    },
    onTakenBack: options.onTakenBack,
    onStart(question, { turn, events }, controller) {
      questions.mark(question.id, { delivery: turn.persisted ? "saved" : "unsaved" });
      turns.follow({ ...turn, replyId: turn.replyId ?? `${turn.id}-reply` }, { events, controller });
      onStart();
      if (stopOnStart) void stop();
    },
    onBusy: options.onBusy,
    onProgress: (progress) => onOutcome(progress === "sending" ? "none" : "not_sent"),
  });

  const pump = async (): Promise<void> => {
    await sender.pump();
    onChange();
  };
  const forget: Asking["forget"] = ({ turnId, questionId }) => {
    for (const live of turns.list())
      if (live.turnId === turnId || live.questionId === questionId) turns.remove(live.turnId);
  };

  /** A turn has ended: what the store has of it replaces what was followed; what it has not is kept for it. */
  const settle = async (live: LiveTurn): Promise<void> => {
    const { status: end, parts, receipt } = live.answer();
    onOutcome(end === "running" ? "interrupted" : end);
    if (!live.persisted && end !== "running" && receipt !== null) {
      const shown = { turnId: live.turnId, replyId: live.replyId, status: end, parts, receipt };
      questions.mark(live.questionId, { delivery: "unsaved", shown });
      replay.start();
    }
    if (live.persisted) await readBack();
    return pump();
  };

  const stop = async (): Promise<void> => {
    stopOnStart = turns.running() === undefined && sender.sending();
    onChange();
    await turns.stop();
  };

  return {
    turns: turns.list,
    running: turns.running,
    sending: () => (sender.sending() ? (stopOnStart ? "stopping" : "sending") : "none"),
    pump,
    startReplay: replay.start,
    follow: turns.follow,
    forget,
    stop,
    async takeBack(questionId) {
      const question = questions.get(questionId);
      if (question?.delivery === "failed" || question?.delivery === "queued") {
        // Another tab may be sending it at this moment; then it is on its way.
        let taken = false;
        await exclusively({ questionId, signal: AbortSignal.timeout(LOCK_WAIT) }, async () => {
          questions.sync();
          taken = questions.get(questionId) !== undefined;
          questions.remove(questionId);
        });
        return taken ? question : null;
      }
      const stored = options.entries().findLast(({ role }) => role === "user");
      if (stored?.id !== questionId || stored.delivery !== "saved") return null;
      const taken = await takeBackLast({ history, owner, conversationId, messageId: questionId });
      if (taken === "not last") {
        void readBack();
        return null;
      }
      options.onTakenBack(questionId);
      options.onActivity();
      return { text: textOf(stored.parts), contextText: stored.contextText };
    },
    askAgain(replyId) {
      const shown = options.entries();
      const index = shown.findIndex((entry) => entry.id === replyId);
      const question = shown.slice(0, index).findLast(({ role }) => role === "user");
      if (question === undefined) return;
      const last = options.reaches() === "end" && shown.findLast(({ role }) => role === "user") === question;
      options.send(textOf(question.parts), question.contextText, last ? question.id : null);
    },
    rest: turns.rest,
    resume: turns.resume,
    close() {
      sender.close();
      replay.close();
      turns.rest();
    },
  };
}
