import { type Owner, type StartedTurn, isChatkeepError } from "@chatkeep/protocol";

import { backoff, isOffline, pause } from "./backoff.ts";
import type { ChatHistory } from "./chat-history.ts";
import { isPassing, sentenceOf } from "./failure.ts";
import { exclusively } from "./lock.ts";
import type { Question, Questions } from "./question.ts";
import { takeBackLast } from "./take-back-last.ts";

/** Sends the queued questions of one conversation, one after the other. */
export interface Sender {
  /** Sends what is queued, as long as no answer runs. Call it whenever one may have ended. */
  pump(): Promise<void>;
  /** Whether a question is on its way and its turn not yet begun. */
  sending(): boolean;
  close(): void;
}

/** What {@link createSender} takes. */
export interface SenderOptions {
  readonly history: ChatHistory;
  readonly owner: Owner;
  readonly conversationId: string;
  readonly questions: Questions;
  /** Whether an answer runs: one turn at a time in a conversation. */
  readonly isRunning: () => boolean;
  /** Called before each attempt: makes sure that the conversation exists, and saves what was asked before. */
  readonly prepare: () => Promise<void>;
  /** Told when the stored question that another is asked in place of was taken back, with all that followed. */
  readonly onTakenBack: (messageId: string) => void;
  /** Told when a question's turn has begun. Aborting the controller detaches from its stream. */
  readonly onStart: (question: Question, started: StartedTurn, controller: AbortController) => void;
  /** Told that another turn runs already; the question waits until it has ended. */
  readonly onBusy: () => Promise<void>;
  /** Told when a question is being sent, and when sending it was given up. */
  readonly onProgress: (progress: "sending" | "failed") => void;
}

/** Attempts to send a question before a person is asked to retry; they take about a second. */
const ATTEMPTS = 3;
/** How long to wait for the server's first word on a question, in milliseconds. */
const START_TIMEOUT = 30_000;
/** The longest that a server's `Retry-After` is waited for before a person is told, in seconds. */
const LONGEST_WAIT = 5;

/**
 * One tab sends at a time, where the browser has locks. A question is sent again after a failure that can pass (no network, 429, 5xx): it carries its client
 * message id, so it is stored and answered once however often it arrives. While the browser is offline it waits.
 */
export function createSender(options: SenderOptions): Sender {
  const { history, owner, conversationId, questions, onStart, onBusy, onProgress } = options;
  const closing = new AbortController();
  let controller = new AbortController();
  let pumping = false;
  let delivering = false;

  const start = async (question: Question): Promise<void> => {
    await options.prepare();
    closing.signal.throwIfAborted();
    if (question.replaces !== null) {
      const messageId = question.replaces;
      const taken = await takeBackLast({ history, owner, conversationId, messageId });
      questions.mark(question.id, { delivery: "sending", replaces: null });
      if (taken === "taken") options.onTakenBack(messageId);
    }
    const asking = new AbortController();
    controller = asking;
    const timer = setTimeout(() => asking.abort(), START_TIMEOUT);
    const { id, text: content, contextText } = question;
    const started = await history
      .startTurn(owner, conversationId, { id, content, contextText }, { signal: asking.signal })
      .finally(() => clearTimeout(timer));
    onStart(question, started, asking);
  };

  /** Whether it is worth another attempt; waits until it is. */
  const mayRepeat = async (error: unknown, attempt: number): Promise<boolean> => {
    // Deleted meanwhile, or not created yet because of an outage: preparing once more creates it.
    if (isChatkeepError(error, "conversation_not_found")) return attempt === 0;
    if (!isPassing(error)) return false;
    const { signal } = closing;
    if (isOffline()) {
      await pause({ ms: START_TIMEOUT, signal });
      return true;
    }
    if (attempt + 1 >= ATTEMPTS) return false;
    const asked = isChatkeepError(error) ? Math.min(error.retryAfter ?? 0, LONGEST_WAIT) * 1_000 : 0;
    await pause({ ms: Math.max(backoff(attempt), asked), signal });
    return true;
  };

  const deliver = async (id: string): Promise<void> => {
    // Another tab may have sent it, or taken it back, while this one waited.
    questions.sync();
    const question = questions.get(id);
    if (question?.delivery !== "queued" || options.isRunning()) return;
    questions.mark(question.id, { delivery: "sending" });
    onProgress("sending");
    for (let attempt = 0; ; attempt++) {
      try {
        return await start(questions.get(id) ?? question);
      } catch (error) {
        if (closing.signal.aborted) return;
        if (isChatkeepError(error, "turn_in_progress")) {
          questions.mark(question.id, { delivery: "queued" });
          return onBusy();
        }
        if (await mayRepeat(error, attempt)) continue;
        questions.mark(question.id, { delivery: "failed", failure: sentenceOf(error) });
        return onProgress("failed");
      }
    }
  };

  return {
    sending: () =>
      questions.first("sending") !== undefined || (delivering && questions.first("queued") !== undefined),
    async pump() {
      if (pumping) return;
      pumping = true;
      while (!closing.signal.aborted && !options.isRunning()) {
        const next = questions.first("queued");
        if (next === undefined) break;
        delivering = true;
        await exclusively({ questionId: next.id, signal: closing.signal }, () => deliver(next.id));
        delivering = false;
      }
      pumping = false;
    },
    close() {
      closing.abort();
      controller.abort();
    },
  };
}
