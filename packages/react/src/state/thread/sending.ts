import {
  type Owner,
  type SeenEvent,
  type TurnEvent,
  createFold,
  createOutbox,
  isChatkeepError,
} from "@chatkeep/protocol";

import { backoff, isOffline, pause } from "../backoff.ts";
import { isPassing, sentenceOf } from "../failure.ts";
import type { ChatHistory } from "../history.ts";
import { newId } from "../identifier.ts";
import type { Schedule } from "../snapshot.ts";
import type { ThreadEvent } from "./events.ts";
import { followToEnd } from "./follow.ts";
import type { KeptQuestions } from "./kept-questions.ts";
import { exclusively } from "./lock.ts";
import type { KeptQuestion, LiveTurn } from "./model.ts";

export { branchCalls, fileCalls, turnCalls } from "@chatkeep/protocol";

/** Sends the questions of a conversation and follows the turns that answer them. Reports everything as events. */
export interface Sending {
  /** Sends a question until its turn has begun, or sending it is given up. */
  send(question: KeptQuestion): Promise<void>;
  /** Answers a stored question again. Throws what the history throws. */
  regenerate(replyId: string): Promise<void>;
  /** Makes the version before or after a message the head, and gives its id. Throws what the history throws. */
  showVersion(messageId: string, step: -1 | 1): Promise<string>;
  /** Makes the branch of a message the head's, if the head's does not hold it. Without an id it does. Never rejects. */
  showBranch(seq: number, id: string | undefined): Promise<void>;
  /** Follows a turn to its end. A turn that is followed is not followed twice. */
  follow(turn: LiveTurn): Promise<void>;
  /** Asks the server to end a turn. */
  stop(turnId: string): Promise<void>;
  /** Looks up whether a turn runs that this page did not begin. */
  lookUp(turnId: string): Promise<void>;
  /** Saves answers that were shown unsaved, trying until they are. */
  save(): Promise<void>;
  /** Removes a question that is not on its way. `false` when it is, or another tab has removed it. */
  withdraw(questionId: string): Promise<boolean>;
  /** Detaches from all streams; the turns go on. */
  rest(): void;
  close(): void;
}

export interface SendingOptions {
  readonly history: ChatHistory;
  readonly owner: Owner;
  readonly conversationId: string;
  readonly kept: KeptQuestions;
  readonly schedule: Schedule;
  readonly dispatch: (event: ThreadEvent) => void;
  /** Makes sure that the conversation exists, where it can be reached. */
  readonly prepare: () => Promise<void>;
  /** Creates it under its own id: it was begun during an outage. */
  readonly create: () => Promise<void>;
}

/** Attempts to send a question before a person is asked to retry; they take about a second. */
const ATTEMPTS = 3;
/** How long to wait for the server's first word on a question, in milliseconds. */
const START_TIMEOUT = 30_000;
/** The longest that a server's `Retry-After` is waited for before a person is told, in seconds. */
const LONGEST_WAIT = 5;
/** How long taking a question back waits for another tab to let go of it, in milliseconds. */
const LOCK_WAIT = 1_000;

/** A turn that is followed: its stream, what folds it, and the last event seen. */
interface Followed {
  readonly fold: ReturnType<typeof createFold>;
  seen: SeenEvent | undefined;
  controller: AbortController | null;
}

/** A stream that is open already. Aborting its controller closes it. */
interface OpenStream {
  readonly events: AsyncIterable<TurnEvent>;
  readonly controller: AbortController;
}

/** Sends nothing by itself. */
export function createSending(options: SendingOptions): Sending {
  const { history, owner, conversationId, kept, schedule, dispatch } = options;
  const closing = new AbortController();
  const { signal } = closing;
  const turns = new Map<string, Followed>();
  /** Streams that `startTurn` gave, until they are followed. */
  const streams = new Map<string, OpenStream>();

  const outbox = createOutbox({
    history,
    owner,
    storage: kept.storage(conversationId),
    asks: "caller",
    createConversation: options.create,
    onSaved: ({ question: { id } }) => dispatch({ type: "saved", questionId: id }),
    onReask: ({ question: { id } }) => dispatch({ type: "reask", questionId: id }),
    onRefused: ({ question: { id } }, error) =>
      dispatch({ type: "refused", questionId: id, failure: sentenceOf(error) }),
  });

  const isKept = (questionId: string): boolean =>
    kept
      .list(conversationId)
      .some(({ id, failure, token }) => id === questionId && failure === null && token === null);

  /** The message that a version follows: as it was read, else as it is stored. */
  const parentOf = async (replaces: KeptQuestion["replaces"]): Promise<{ parent?: string | null }> => {
    if (replaces === null) return {};
    const { id, parentId } = replaces;
    return {
      parent:
        parentId === undefined ? (await history.getMessage(owner, conversationId, id)).parentId : parentId,
    };
  };

  const start = async (question: KeptQuestion): Promise<void> => {
    await options.prepare();
    signal.throwIfAborted();
    await (await outbox).replay();
    const { id } = question;
    const replaces = kept.list(conversationId).find((each) => each.id === id)?.replaces ?? null;
    const asked = { ...kept.asked(question), ...(await parentOf(replaces)) };
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), START_TIMEOUT);
    const { turn, events } = await (
      await outbox
    )
      .send(conversationId, asked, { signal: AbortSignal.any([signal, controller.signal]) })
      .finally(() => clearTimeout(timer));
    if (turns.has(turn.id)) controller.abort();
    else streams.set(turn.id, { events, controller });
    dispatch({ type: "started", questionId: id, turn });
  };

  /** Whether it is worth another attempt; waits until it is. */
  const mayRepeat = async (error: unknown, attempt: number): Promise<boolean> => {
    // Deleted meanwhile, or not created yet because of an outage: preparing once more creates it.
    if (isChatkeepError(error, "conversation_not_found")) return attempt === 0;
    if (!isPassing(error)) return false;
    if (isOffline()) {
      await pause({ ms: START_TIMEOUT, signal });
      return true;
    }
    if (attempt + 1 >= ATTEMPTS) return false;
    const asked = isChatkeepError(error) ? Math.min(error.retryAfter ?? 0, LONGEST_WAIT) * 1_000 : 0;
    await pause({ ms: Math.max(backoff(attempt), asked), signal });
    return true;
  };

  const regenerate = async (replyId: string): Promise<void> => {
    const id = newId();
    const controller = new AbortController();
    const options = { id, signal: AbortSignal.any([signal, controller.signal]) };
    for (let attempt = 0; ; attempt++) {
      try {
        const { turn, events } = await history.regenerate(owner, conversationId, replyId, options);
        streams.set(turn.id, { events, controller });
        kept.announce(conversationId);
        return dispatch({ type: "regenerating", turn });
      } catch (error) {
        // Its id makes it safe to ask again.
        if (signal.aborted || !(await mayRepeat(error, attempt))) throw error;
      }
    }
  };

  const deliver = async (question: KeptQuestion): Promise<void> => {
    const questionId = question.id;
    // Another tab may have sent it, or taken it back, while this one waited.
    if (!isKept(questionId))
      return dispatch({ type: "not-kept", questionId, questions: kept.list(conversationId) });
    for (let attempt = 0; ; attempt++) {
      try {
        return await start(question);
      } catch (error) {
        if (signal.aborted) return;
        if (isChatkeepError(error, "turn_in_progress")) return dispatch({ type: "busy", questionId });
        if (question.parts[0]?.type === "approval" && isChatkeepError(error, "conflict")) {
          // Somebody else has answered, here or on another device: what is stored tells.
          kept.remove(conversationId, questionId);
          return dispatch({ type: "not-kept", questionId, questions: kept.list(conversationId) });
        }
        if (await mayRepeat(error, attempt)) continue;
        if (!signal.aborted) dispatch({ type: "not-sent", questionId, failure: sentenceOf(error) });
        return;
      }
    }
  };

  const follow = async (turn: LiveTurn): Promise<void> => {
    const { turnId } = turn;
    const followed: Followed = turns.get(turnId) ?? { fold: createFold(), seen: undefined, controller: null };
    if (followed.controller !== null) return;
    const open = streams.get(turnId);
    streams.delete(turnId);
    const controller = open?.controller ?? new AbortController();
    followed.controller = controller;
    turns.set(turnId, followed);
    const { fold } = followed;
    let due = false;
    const tell = (): void => {
      if (!due) return;
      due = false;
      dispatch({ type: "progress", turnId, answer: fold.answer() });
    };
    const stream = followToEnd({
      history,
      owner,
      conversationId,
      turnId,
      events: open?.events,
      after: followed.seen,
      signal: controller.signal,
      onConnection: (connection) => dispatch({ type: "connection", turnId, connection }),
    });
    for await (const event of stream) {
      if (controller.signal.aborted) break;
      fold.push(event.chunk);
      followed.seen = event;
      if (!due) schedule(tell);
      due = true;
    }
    if (followed.controller === controller) followed.controller = null;
    if (controller.signal.aborted) return tell();
    due = false;
    turns.delete(turnId);
    dispatch({ type: "ended", turnId, answer: fold.answer() });
  };

  const rest = (): void => {
    for (const followed of turns.values()) {
      followed.controller?.abort();
      followed.controller = null;
    }
  };

  const setHead = async (id: string): Promise<string> => {
    await history.setHead(owner, conversationId, id);
    kept.announce(conversationId);
    return id;
  };

  const showVersion = async (messageId: string, step: -1 | 1): Promise<string> => {
    const versions = await history.listVersions(owner, conversationId, messageId);
    const version = versions[versions.findIndex(({ id }) => id === messageId) + step];
    return version === undefined ? messageId : setHead(version.id);
  };

  const showBranch = async (seq: number, id: string | undefined): Promise<void> => {
    if (id === undefined) return;
    const { messages } = await history.listMessages(owner, conversationId, { before: seq + 1, limit: 1 });
    if (messages[0]?.id !== id) await setHead(id);
  };

  /** If a message was deleted elsewhere, what is left is read: else the call would fail for ever. */
  const orRead = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (isChatkeepError(error, "message_not_found")) dispatch({ type: "waited", for: "reading" });
      throw error;
    }
  };

  return {
    follow,
    rest,
    regenerate: (replyId) => orRead(regenerate(replyId)),
    showVersion: (messageId, step) => orRead(showVersion(messageId, step)),
    // What cannot be asked cannot be read either, and reading it tells why.
    showBranch: (seq, id) => showBranch(seq, id).catch(() => undefined),
    send: (question) => exclusively({ questionId: question.id, signal }, () => deliver(question)),
    async stop(turnId) {
      for (let attempt = 0; attempt < ATTEMPTS && !signal.aborted; attempt++) {
        try {
          await history.stopTurn(owner, conversationId, turnId);
          return;
        } catch (error) {
          if (!isPassing(error)) break;
          await pause({ ms: backoff(attempt), signal });
        }
      }
      dispatch({ type: "stop-failed", turnId });
    },
    async lookUp(turnId) {
      const found = await history.getTurn(owner, conversationId, turnId).catch(() => null);
      dispatch({ type: "turn-found", turn: found?.turn ?? null });
    },
    save: async () => (await outbox).replay(),
    async withdraw(questionId) {
      let taken = false;
      await exclusively({ questionId, signal: AbortSignal.timeout(LOCK_WAIT) }, async () => {
        taken = (await (await outbox).withdraw(questionId)) !== null;
      });
      return taken;
    },
    close() {
      closing.abort();
      rest();
      for (const { controller } of streams.values()) controller.abort();
      void outbox.then((line) => line.close());
    },
  };
}
