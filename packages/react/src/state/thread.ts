import type { Conversation, Owner } from "@chatkeep/protocol";

import { backoff, pause } from "./backoff.ts";
import { createBeginning } from "./beginning.ts";
import type { ChatHistory } from "./chat-history.ts";
import type { Entry } from "./entry.ts";
import { isGone, isPassing, sentenceOf } from "./failure.ts";
import { createOutgoing } from "./outgoing.ts";
import { createQuestions } from "./question.ts";
import { createReader } from "./reader.ts";
import type { Origin } from "./scope.ts";
import { type Readable, type Schedule, createSnapshot } from "./snapshot.ts";
import type { Outcome, ThreadState, ThreadStatus } from "./thread-state.ts";
import { createTranscript } from "./transcript.ts";
import type { UnsentQuestions } from "./unsent.ts";
import { upTo } from "./window.ts";

/** One conversation: its messages, its running answer and its questions on their way. */
export interface Thread extends Readable<ThreadState> {
  readonly conversationId: string;
  /** Reads the latest messages the first time, later what has come since; follows a running turn. */
  open(): Promise<void>;
  /** Reads the page before the oldest message loaded. */
  loadOlder(): Promise<void>;
  /** Reads the page after the newest message loaded, while the middle of the conversation is shown. */
  loadNewer(): Promise<void>;
  /** Shows the message with this number: it is the state's `target` once it is there. */
  goTo(seq: number): Promise<void>;
  /** Shows the end of the conversation again. */
  toLatest(): Promise<void>;
  /** Asks: shown at once, sent as soon as no other answer runs in this conversation. */
  send(text: string, contextText?: string | null): void;
  /** Sends a `failed` question again under its id. */
  retry(questionId: string): void;
  /**
   * Takes a question back for editing and gives it: one that is not on its way yet, or the last one that is
   * stored, with what was answered to it. `null` when it is on its way, or another was asked since. Throws what the
   * history throws.
   */
  takeBack(
    questionId: string,
  ): Promise<{ readonly text: string; readonly contextText: string | null } | null>;
  /**
   * Asks the question of an answer that failed or was cut off once more: in its place, if nothing was asked
   * since, else as a new question.
   */
  askAgain(replyId: string): void;
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

/** What {@link createThread} takes. */
export interface ThreadOptions {
  readonly history: ChatHistory;
  readonly owner: Owner;
  readonly conversationId: string;
  readonly origin: Origin;
  /** What was just read of it; default: it is read with its messages. */
  readonly conversation?: Conversation | undefined;
  readonly unsent: UnsentQuestions;
  /** Told what is known of the conversation when it was `read`, or when it has become `active`. */
  readonly onConversation?: ((event: "read" | "active", conversation: Conversation) => void) | undefined;
  /**
   * Told that the scope's conversation is this one: whoever shows this thread shows that one's instead, and closes
   * this. Resolves when that one is read.
   */
  readonly onFound?: ((conversation: Conversation) => Promise<void>) | undefined;
  /** Default: the next animation frame. */
  readonly schedule?: Schedule | undefined;
}

/** Reads and sends nothing by itself: call `open()`. */
export function createThread(options: ThreadOptions): Thread {
  const { history, owner, conversationId, unsent, onConversation } = options;
  const closing = new AbortController();
  const { signal } = closing;
  const beginning = createBeginning(options);
  let status: ThreadStatus = options.origin.kind === "new" ? "new" : "loading";
  let failure: string | null = null;
  let outcome: Outcome = "none";
  let target: ThreadState["target"] = null;
  let report = 0;

  const changed = (): void => snapshot.changed();
  const tell = (outcomeNow: Outcome): void => {
    outcome = outcomeNow;
    changed();
  };
  const transcript = createTranscript();
  const questions = createQuestions({ conversationId, origin: options.origin, unsent, onChange: changed });
  const reader = createReader({
    history,
    owner,
    conversationId,
    conversation: options.conversation,
    onChange: changed,
    onConversation: (conversation) => onConversation?.("read", conversation),
  });
  const outgoing = createOutgoing({
    signal,
    history,
    owner,
    questions,
    init: beginning.init,
    prepare: async () => {
      if (!beginning.exists()) await create();
    },
    readBack,
    onStart() {
      if (status === "new") status = "ready";
      tell("generating");
      void reportActivity();
    },
    entries,
    reaches: () => (reader.window.hasNewer() ? "middle" : "end"),
    send: (...asked) => send(...asked),
    onActivity: () => void reportActivity(),
    onBusy: waitFor,
    onTakenBack: forgetFrom,
    onOutcome: tell,
    onChange: changed,
  });
  const { asking, turns, pump } = outgoing;

  const snapshot = createSnapshot<ThreadState>({
    schedule: options.schedule,
    build: () => ({
      conversationId,
      status,
      failure,
      entries: entries(),
      older: reader.older(),
      newer: reader.newer(),
      target,
      running: outgoing.running(),
      outcome,
    }),
  });

  function entries(): readonly Entry[] {
    const stored = reader.window.list();
    if (reader.window.hasNewer()) return transcript(stored, [], []);
    const replaced = questions.list().find(({ replaces }) => replaces !== null)?.replaces;
    return transcript(upTo(stored, replaced), turns(), outgoing.questions());
  }

  /** A stored question was taken back, with all that followed. */
  function forgetFrom(messageId: string): void {
    reader.window.cut(messageId);
    asking()?.forget({ questionId: messageId });
    questions.remove(messageId);
  }

  const found = async (conversation: Conversation): Promise<void> => {
    if (conversation.id !== conversationId) await options.onFound?.(conversation);
    else beginning.settle("exists");
  };

  const create = async (): Promise<void> => {
    try {
      const conversation = await beginning.create();
      if (signal.aborted) return;
      // It gets its title with the first question; until then that is how it begins.
      const preview = conversation.preview ?? questions.list()[0]?.text ?? null;
      onConversation?.("active", { ...conversation, preview });
      void found(conversation);
    } catch (error) {
      // During an outage the question may be answered all the same, unsaved; it is created with the replay.
      if (!isPassing(error)) throw error;
    }
  };

  /** Another page's turn runs: reads what it has asked, and follows it. */
  async function waitFor(): Promise<void> {
    await read();
    // Settled meanwhile, or not readable now: not asked again in the same moment.
    if (asking()?.running() === undefined) await pause({ ms: backoff(0), signal });
  }

  const reportActivity = async (): Promise<void> => {
    // Replies can overtake each other: only the latest is told, or an ended answer would seem to run.
    const mine = ++report;
    const conversation = await history.getConversation(owner, conversationId).catch(() => undefined);
    if (conversation === undefined || mine !== report || signal.aborted) return;
    onConversation?.("active", conversation);
  };

  /** Follows the turn that runs, if this page did not begin it. */
  const followRunning = async (): Promise<void> => {
    for (let settled: string | null = null; ;) {
      const turnId = reader.window.list().findLast(({ status }) => status === "streaming")?.turnId ?? null;
      if (turnId === null || turnId === settled || turns().some((live) => live.turnId === turnId)) return;
      const [loaded, { turn }] = await Promise.all([
        outgoing.load(),
        history.getTurn(owner, conversationId, turnId),
      ]);
      if (signal.aborted || turn.replyId === null) return;
      if (turn.status === "running") {
        loaded.follow({ ...turn, replyId: turn.replyId });
        return tell("generating");
      }
      // Settled since it was listed: what was read of its answer is from before its end.
      settled = turnId;
      await reader.read();
    }
  };

  /** Reads, and forgets what the store now tells better than this page. Says whether trying again can help. */
  const read = async (job: () => Promise<void> = reader.read): Promise<"read" | "passing" | "final"> => {
    const settled = turns().filter((live) => live.persisted && live !== asking()?.running());
    try {
      await job();
      beginning.settle("exists");
      status = "ready";
      failure = null;
      for (const { turnId, questionId } of settled) {
        // Not stored although it was settled: it was deleted elsewhere.
        asking()?.forget({ turnId });
        questions.remove(questionId);
      }
      for (const { id } of questions.list()) if (reader.window.get(id) !== undefined) questions.remove(id);
      await followRunning();
      return "read";
    } catch (error) {
      if (isGone(error)) {
        // One whose first question never arrived is not missing: it was never begun.
        const saved = questions.list().every(({ delivery }) => delivery === "saved");
        const begun = status === "ready" || (status !== "new" && saved);
        beginning.settle(begun ? "exists" : "missing");
        status = begun ? "missing" : "new";
      } else if (status !== "ready") status = "failed";
      failure = sentenceOf(error);
      return isPassing(error) ? "passing" : "final";
    } finally {
      snapshot.arrived();
    }
  };

  /** Looks for the conversation that the scope opens with. */
  const find = async (): Promise<void> => {
    try {
      const conversation = await beginning.find();
      if (signal.aborted) return;
      if (conversation !== null) await found(conversation);
      if (beginning.exists()) await read();
      else if (status !== "ready") status = "new";
    } catch (error) {
      status = "failed";
      failure = sentenceOf(error);
    }
    changed();
  };

  /** Until the messages have been read first, whoever opens it too gets the same, */
  let opening: Promise<void> | undefined;
  /** and in the task in which that was done: what renders them in it opens it. */
  let fresh = false;
  const open = (): Promise<void> => {
    if (status !== "loading" && (!fresh || status === "failed")) opening = undefined;
    return (opening ??= openNow());
  };
  const openNow = async (): Promise<void> => {
    if (signal.aborted) return;
    if (status !== "ready" && status !== "new") status = "loading";
    fresh = status === "loading";
    changed();
    if (beginning.exists()) {
      asking()?.resume();
      await read();
    } else if (options.origin.kind === "scope") await find();
    setTimeout(() => (fresh = false));
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

  const send = (text: string, contextText: string | null, replaces: string | null): void => {
    questions.add({ text, contextText, replaces });
    if (reader.window.hasNewer()) void read(reader.readLatest);
    void pump();
  };

  return {
    conversationId,
    getSnapshot: snapshot.getSnapshot,
    subscribe: snapshot.subscribe,
    open,
    loadOlder: reader.readOlder,
    loadNewer: reader.readNewer,
    async goTo(seq) {
      await read(() => reader.readAround(seq));
      const message = reader.window.list().find((each) => each.seq >= seq);
      if (message !== undefined) target = { id: message.id };
      changed();
    },
    async toLatest() {
      target = null;
      if (reader.window.hasNewer()) await read(reader.readLatest);
      changed();
    },
    send: (text, contextText = null) => send(text, contextText, null),
    retry(questionId) {
      if (questions.get(questionId)?.delivery === "failed")
        questions.mark(questionId, { delivery: "queued" });
      void pump();
    },
    takeBack: async (questionId) => (await outgoing.load()).takeBack(questionId),
    askAgain: (replyId) =>
      void outgoing.load().then(
        (loaded) => loaded.askAgain(replyId),
        () => undefined,
      ),
    stop: () =>
      outgoing.load().then(
        (loaded) => loaded.stop(),
        () => undefined,
      ),
    async clear() {
      await history.clearMessages(owner, conversationId);
      // Nothing of it comes back from here.
      for (const { id, delivery } of questions.list()) if (delivery !== "sending") questions.remove(id);
      await read(reader.readLatest);
    },
    sync(event) {
      questions.sync();
      if (event === "let go") void read();
      void pump();
    },
    rest: () => asking()?.rest(),
    close() {
      closing.abort();
      asking()?.close();
    },
  };
}
