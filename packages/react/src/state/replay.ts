import { type ConversationInit, type History, type Owner, isChatkeepError } from "@chatkeep/protocol";

import { pause } from "./backoff.ts";
import { isPassing, sentenceOf } from "./failure.ts";
import type { Question, Questions } from "./question.ts";

/** Saves what was answered during an outage without being saved. */
export interface Replay {
  /** Tries now, in order, until one cannot be saved. */
  attempt(): Promise<void>;
  /** Tries again and again until all is saved. Does nothing while it does so already. */
  start(): void;
  close(): void;
}

/** What {@link createReplay} takes. */
export interface ReplayOptions {
  readonly history: Pick<History, "startTurn" | "createConversation">;
  readonly owner: Owner;
  /** What to create the conversation with, if it was begun during the outage too. */
  readonly init: ConversationInit & { readonly id: string };
  readonly questions: Questions;
  /** Told of a question whose exchange is saved now. */
  readonly onSaved: (question: Question) => void;
  /** Told of a question whose answer cannot be saved as it was shown; it is asked anew. */
  readonly onAnew: (question: Question) => void;
}

/** The pauses between attempts double from one second to half a minute; in milliseconds. */
const PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

/**
 * Sends `unsaved` questions again with the answers that were shown and their receipts, under the same ids: the
 * server stores them as they were shown, once.
 */
export function createReplay(options: ReplayOptions): Replay {
  const { history, owner, init, questions, onSaved, onAnew } = options;
  const closing = new AbortController();
  const { signal } = closing;
  let running = false;

  const due = (): Question | undefined =>
    questions.list().find(({ delivery, shown }) => delivery === "unsaved" && shown !== null);

  /** Whether it was dealt with. */
  const save = async (question: Question): Promise<boolean> => {
    const { id, text: content, contextText, shown } = question;
    if (shown === null) return false;
    const stream = new AbortController();
    try {
      const asked = { id, content, contextText, shown };
      const { turn } = await history.startTurn(owner, init.id, asked, { signal: stream.signal });
      if (!turn.persisted) return false;
      questions.mark(id, { delivery: "saved" });
      onSaved(question);
    } catch (error) {
      // The conversation was begun during the outage too.
      if (isChatkeepError(error, "conversation_not_found")) return await create();
      if (isPassing(error) || isChatkeepError(error, "turn_in_progress")) return false;
      if (isChatkeepError(error, "invalid_request")) {
        questions.mark(id, { delivery: "queued", shown: null });
        onAnew(question);
      } else questions.mark(id, { delivery: "failed", failure: sentenceOf(error), shown: null });
    } finally {
      // What it would stream is shown already.
      stream.abort();
    }
    return true;
  };

  const create = async (): Promise<boolean> => {
    try {
      await history.createConversation(owner, init);
      return true;
    } catch {
      return false;
    }
  };

  const attempt = async (): Promise<void> => {
    for (let next = due(); next !== undefined && !signal.aborted; next = due()) {
      if (!(await save(next))) return;
    }
  };

  const untilSaved = async (): Promise<void> => {
    for (let ms = PAUSE; due() !== undefined && !signal.aborted; ms = Math.min(ms * 2, LONGEST_PAUSE)) {
      await pause({ ms, signal });
      await attempt();
    }
    running = false;
  };

  return {
    attempt,
    start() {
      if (running) return;
      running = true;
      void untilSaved();
    },
    close: () => closing.abort(),
  };
}
