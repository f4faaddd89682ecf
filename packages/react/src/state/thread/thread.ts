import type { Part } from "@chatkeep/protocol";

import { newId } from "../identifier.ts";
import { type Readable, type Schedule, createSnapshot, nextFrame } from "../snapshot.ts";
import { type EffectsOptions, createEffects } from "./effects.ts";
import { createEntries } from "./entries.ts";
import type { ThreadEvent } from "./events.ts";
import {
  type KeptQuestion,
  type ThreadModel,
  loadedOf,
  newModel,
  nextQuestion,
  runningTurn,
} from "./model.ts";
import type { Side } from "./read.ts";
import { reduce } from "./reduce.ts";
import type { MoreMessages, ThreadState } from "./thread-state.ts";

/** One conversation: its messages, its running answer and its questions on their way. */
export interface Thread extends Readable<ThreadState> {
  readonly conversationId: string;
  /** Reads the latest messages the first time, later what has come since; follows a running turn. */
  open(): Promise<void>;
  /** Reads the page before the oldest message loaded. */
  loadOlder(): Promise<void>;
  /** Reads the page after the newest message loaded, while the middle of the conversation is shown. */
  loadNewer(): Promise<void>;
  /**
   * Shows the message with this number: it is the state's `target` once it is there. With its `id` also one of another
   * branch, which then becomes the head's.
   */
  goTo(seq: number, id?: string): Promise<void>;
  /** Shows the end of the conversation again. */
  toLatest(): Promise<void>;
  /**
   * Asks: shown at once, sent as soon as no other answer runs in this conversation. `parts` are files, which come before
   * the text; or, with an empty text, answers to what the last answer asks to be approved.
   */
  send(text: string, contextText?: string | null, parts?: readonly Part[]): void;
  /** Sends a `failed` question again under its id. */
  retry(questionId: string): void;
  /**
   * Removes and returns a question that is not sent, for editing; `null` for one that is on its way or stored. Throws when
   * the code that sends cannot be loaded.
   */
  withdraw(questionId: string): Promise<Pick<KeptQuestion, "text" | "contextText" | "parts"> | null>;
  /** Asks another version of a stored question, in its place: what was there stays stored. */
  edit(questionId: string, text: string): void;
  /** Shows the version before or after a message, with what follows it, and gives its id. Throws what the history throws. */
  showVersion(messageId: string, step: -1 | 1): Promise<string>;
  /** Answers a stored question again, as another version. Throws what the history throws. */
  regenerate(replyId: string): Promise<void>;
  /**
   * Continues an answer: from its last words when it is not complete, else with the question `text`, which says so and
   * follows the answer.
   */
  continue(replyId: string, text: string): void;
  /** Ends the running answer; its text so far is kept. */
  stop(): Promise<void>;
  /** Deletes all messages; the conversation stays. Throws what the history throws. */
  clear(): Promise<void>;
  /** Takes up what another tab has kept of this conversation's questions, or has let go of. */
  sync(event: "kept" | "let go"): void;
  /** Detaches from running streams until it is opened again; nothing is stopped. */
  rest(): void;
  close(): void;
}

export interface ThreadOptions extends Omit<EffectsOptions, "model" | "dispatch" | "schedule"> {
  /** Default: the next animation frame. */
  readonly schedule?: Schedule | undefined;
}

/**
 * The state of a conversation: events go through the reducer, its effects are performed, and what they report are
 * events again. Reads and sends nothing by itself: call `open()`.
 */
export function createThread(options: ThreadOptions): Thread {
  const { history, owner, conversationId, kept, schedule = nextFrame } = options;
  let model = newModel(options.origin, kept.list(conversationId));
  let closed = false;
  let finding: Promise<void> | undefined;
  const entriesOf = createEntries();
  const waiting = new Set<{
    readonly holds: (model: ThreadModel) => boolean;
    readonly resolve: () => void;
  }>();

  const snapshot = createSnapshot<ThreadState>({
    schedule,
    build: () => ({
      conversationId,
      status: model.status,
      failure: model.failure,
      entries: entriesOf(model),
      older: moreOf(model, "older"),
      newer: moreOf(model, "newer"),
      target: model.target,
      running: runningOf(model),
      outcome: model.outcome,
    }),
  });

  /** Events of an event's effects come after it. */
  const events: ThreadEvent[] = [];
  const dispatch = (event: ThreadEvent): void => {
    if (closed || events.push(event) > 1) return;
    for (let now = events[0]; now !== undefined; events.shift(), now = events[0]) {
      const { model: changed, effects } = reduce(model, now);
      model = changed;
      // What somebody waits for is shown at once; progress comes with a frame as it is.
      if (AT_ONCE.has(now.type)) snapshot.arrived();
      else snapshot.changed();
      for (const effect of effects) {
        const done = performing.perform(effect).catch(() => undefined);
        if (effect.type === "find") finding = done;
      }
    }
    for (const one of waiting) if (one.holds(model)) one.resolve();
  };
  const performing = createEffects({ ...options, schedule, model: () => model, dispatch });

  const until = async (holds: (model: ThreadModel) => boolean): Promise<void> => {
    if (closed || holds(model)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const one = { holds, resolve };
    waiting.add(one);
    await promise;
    waiting.delete(one);
  };
  const isRead = ({ reading, lookedUp }: ThreadModel): boolean => reading === null && lookedUp === null;

  /** Until the messages have been read first, whoever opens it too gets the same, */
  let opening: Promise<void> | undefined;
  /** and in the task in which that was done: what renders them in it opens it. */
  let fresh = false;
  const openNow = async (): Promise<void> => {
    dispatch({ type: "open" });
    fresh = model.status === "loading";
    await finding;
    await until(isRead);
    setTimeout(() => (fresh = false));
  };
  const load = async (side: Side): Promise<void> => {
    dispatch({ type: "load", side });
    await until(({ sides }) => sides[side].state !== "loading");
  };

  return {
    conversationId,
    getSnapshot: snapshot.getSnapshot,
    subscribe: snapshot.subscribe,
    open() {
      if (model.status !== "loading" && (!fresh || model.status === "failed")) opening = undefined;
      return (opening ??= openNow());
    },
    loadOlder: () => load("older"),
    loadNewer: () => load("newer"),
    async goTo(seq, id) {
      // What cannot be asked cannot be read either, and reading it tells why.
      await (await performing.sending()).showBranch(seq, id);
      dispatch({ type: "go-to", seq });
      await until(isRead);
    },
    async toLatest() {
      dispatch({ type: "to-latest" });
      await until(isRead);
    },
    send: (text, contextText = null, parts = []) =>
      dispatch({ type: "ask", id: newId(), text, contextText, parts }),
    retry: (questionId) => dispatch({ type: "retry", questionId }),
    async withdraw(questionId) {
      const question = model.questions.find(({ id }) => id === questionId);
      if (question?.delivery === "failed" || question?.delivery === "queued") {
        const taken = await (await performing.sending()).withdraw(questionId);
        dispatch({ type: "kept", questions: kept.list(conversationId), letGo: !taken });
        return taken ? question : null;
      }
      return null;
    },
    edit: (questionId, text) => dispatch({ type: "edit", id: newId(), questionId, text }),
    async showVersion(messageId, by) {
      const shown = await (await performing.sending()).showVersion(messageId, by);
      dispatch({ type: "waited", for: "reading" });
      await until(isRead);
      return shown;
    },
    async regenerate(replyId) {
      await (await performing.sending()).regenerate(replyId);
    },
    continue: (replyId, text) => dispatch({ type: "continue", id: newId(), replyId, text }),
    async stop() {
      dispatch({ type: "stop" });
      await until((now) => runningTurn(now)?.stopping !== true);
    },
    async clear() {
      await history.clearMessages(owner, conversationId);
      dispatch({ type: "cleared" });
      await until(isRead);
    },
    sync: (event) =>
      dispatch({ type: "kept", questions: kept.list(conversationId), letGo: event === "let go" }),
    rest: () => performing.rest(),
    close() {
      closed = true;
      performing.close();
      for (const { resolve } of waiting) resolve();
    },
  };
}

/** Events that change what is shown to what somebody waits for. */
const AT_ONCE: ReadonlySet<ThreadEvent["type"]> = new Set(["read", "read-failed", "progress"]);

function moreOf(model: ThreadModel, side: Side): MoreMessages {
  const { hasOlder, hasNewer } = loadedOf(model);
  const { state } = model.sides[side];
  // It stays said until a page is there.
  if (state !== "idle") return state === "again" ? "failed" : state;
  return (side === "older" ? hasOlder : hasNewer) ? "more" : "none";
}

function runningOf(model: ThreadModel): ThreadState["running"] {
  const { sending } = model;
  const turn = runningTurn(model);
  if (turn !== undefined) {
    const { replyId, stopping, connection, answer } = turn;
    return {
      replyId,
      stopping,
      connection: connection === "live" && answer.waiting ? "waiting" : connection,
    };
  }
  const stopping = sending?.stopping ?? model.stopNext;
  const soon = sending !== null || (model.unread && nextQuestion(model) !== undefined);
  return soon ? { replyId: null, stopping, connection: "live" } : null;
}
