import {
  type ChatModelAdapter,
  type ChatModelRunResult,
  type RemoteThreadListAdapter,
  type ThreadAssistantMessagePart,
  type ThreadHistoryAdapter,
  type ThreadMessageLike,
  type ThreadRuntime,
  fromThreadMessageLike,
} from "@assistant-ui/react";
import {
  type Answer,
  type History,
  type Owner,
  type TurnEvent,
  createFold,
  isChatkeepError,
  stopAndBegin,
} from "@chatkeep/protocol";
import { createAssistantStream } from "assistant-stream";

import { partsOf } from "./assistant-ui/attachments.ts";
import { contentsOf, resultsIn } from "./assistant-ui/parts.ts";
import { storedId } from "./assistant-ui/stored-id.ts";
import { endingOf, loadTree } from "./assistant-ui/tree.ts";

export { type AttachmentOptions, createAttachmentAdapter } from "./assistant-ui/attachments.ts";
export { type FeedbackOptions, createFeedbackAdapter } from "./assistant-ui/feedback.ts";

export interface ThreadListOptions {
  /** `createClient({ baseUrl })` in a browser. */
  readonly history: History;
  readonly owner: Owner;
}

export interface ChatModelOptions extends ThreadListOptions {
  /** The conversation that is shown, asked at every call: `(await aui.threadListItem.initialize()).remoteId`. */
  readonly conversationId: () => string | undefined | Promise<string | undefined>;
}

export interface ThreadHistoryOptions extends ThreadListOptions {
  /** The conversation that is shown; `undefined` while the thread is new. Asked at every call. */
  readonly conversationId: () => string | undefined;
  /**
   * Who stores what is said. Default `adapter`: whatever model the page asks. `turns`: the server, where the
   * model is {@link createChatModelAdapter}.
   */
  readonly storedBy?: "adapter" | "turns";
  /** How many of the latest messages of the shown branch are loaded (default 100), with their other versions. */
  readonly limit?: number;
}

/** Options of {@link followBranch}. */
export interface FollowBranchOptions extends ThreadListOptions {
  /** The conversation that is shown; `undefined` while the thread is new. Asked at every call. */
  readonly conversationId: () => string | undefined;
  /** `useLocalRuntime(…).thread`. */
  readonly thread: Pick<ThreadRuntime, "export" | "getState" | "subscribe">;
}

/**
 * The owner's conversations as assistant-ui's list of threads: a thread's id is the conversation's. Titles
 * are made from the first question by the server, so generating one reads it.
 */
export function createThreadListAdapter({ history, owner }: ThreadListOptions): RemoteThreadListAdapter {
  return {
    async list({ after } = {}) {
      const { conversations, nextCursor } = await history.listConversations(owner, {
        limit: 100,
        cursor: after,
      });
      return { threads: conversations.map(threadOf), nextCursor: nextCursor ?? undefined };
    },
    async initialize(threadId) {
      // Of a thread that is only the page's, seven random characters: too few among all people's.
      const init = threadId.startsWith("__LOCALID_") ? {} : { id: threadId };
      const { conversation } = await history.createConversation(owner, init);
      return { remoteId: conversation.id };
    },
    fetch: async (threadId) => threadOf(await history.getConversation(owner, threadId)),
    async rename(id, title) {
      await history.updateConversation(owner, id, { title });
    },
    async archive(id) {
      await history.updateConversation(owner, id, { archived: true });
    },
    async unarchive(id) {
      await history.updateConversation(owner, id, { archived: false });
    },
    delete: (id) => history.deleteConversation(owner, id),
    async generateTitle(id) {
      const { title } = await history.getConversation(owner, id);
      return createAssistantStream((controller) => controller.appendText(title ?? ""));
    },
  };
}

function threadOf(conversation: Awaited<ReturnType<History["getConversation"]>>) {
  return {
    remoteId: conversation.id,
    status: conversation.archivedAt === null ? ("regular" as const) : ("archived" as const),
    title: conversation.title ?? undefined,
    lastMessageAt: new Date(conversation.updatedAt),
  };
}

/** The parent of each conversation's first loaded message, for an edit of that message. */
const above = new WeakMap<History, Map<string, string | null>>();

/**
 * A conversation as assistant-ui's history of a thread, with its versions and branches. An appended message follows its
 * parent; one that is stored already is not stored again, and one that an outage kept out is stored with the next. An
 * answer that still runs is followed (`resume`), so a page that is loaded again misses nothing.
 */
export function createThreadHistoryAdapter(options: ThreadHistoryOptions): ThreadHistoryAdapter {
  const { history, owner, limit = 100, storedBy = "adapter" } = options;
  const pending: Item[] = [];
  let writing: Promise<unknown> = Promise.resolve();
  /** The parents of messages that are not stored. */
  const skipped = new Map<string, string | null>();

  const store = async (id: string, { parentId, message }: Item): Promise<void> => {
    const parts = partsOf(message);
    let parent = parentId;
    while (parent !== null && skipped.has(parent)) parent = skipped.get(parent) ?? null;
    skipped.set(message.id, parent);
    if (parts.length === 0) return;
    await history.createConversation(owner, { id });
    if (!(await isStored(history, owner, id, message.id))) {
      const input = { id: message.id, role: message.role, parts };
      await history.appendMessages(owner, id, [input], { parent: parent ?? rootOf(history, id) });
    }
    skipped.delete(message.id);
  };

  return {
    async load() {
      const id = options.conversationId();
      if (id === undefined) return { messages: [] };
      const tree = await loadTree(history, owner, id, limit);
      const roots = above.get(history) ?? new Map<string, string | null>();
      above.set(history, roots.set(id, tree.above));
      return { ...tree.repository, unstable_resume: tree.isRunning };
    },
    async *resume({ abortSignal }) {
      const id = options.conversationId() ?? "";
      const { runningTurn } = await history.getConversation(owner, id);
      if (runningTurn === null) return;
      const { turn } = await history.getTurn(owner, id, runningTurn);
      const events = history.followTurn(owner, id, runningTurn, { signal: abortSignal });
      const stop = (): unknown => history.stopTurn(owner, id, runningTurn);
      yield* shownAnswer({ events, replyId: turn.replyId, signal: abortSignal, stop });
    },
    async append(item) {
      if (storedBy === "turns") return;
      const id = options.conversationId();
      if (id === undefined) throw new TypeError("The thread has to be initialized before its first message.");
      pending.push(item);
      // One after another: assistant-ui appends an answer while its question may still be on its way.
      const written = writing.then(async () => {
        for (let next = pending[0]; next !== undefined; next = pending[0]) {
          try {
            await store(id, next);
          } catch (error) {
            if (isChatkeepError(error, "unavailable")) throw error;
            pending.shift();
            throw error;
          }
          pending.shift();
        }
      });
      writing = written.catch(() => undefined);
      await written;
    },
  };
}

type Item = Parameters<ThreadHistoryAdapter["append"]>[0];

/**
 * The server's turns as assistant-ui's model, for its local runtime: the server answers, and a piece is shown
 * once it is stored. Stopping stops the turn; leaving the thread does not. An edited question and a regenerated answer
 * are versions; each question follows the message before it on the page.
 */
export function createChatModelAdapter(options: ChatModelOptions): ChatModelAdapter {
  const { history, owner } = options;
  return {
    async *run({ messages, abortSignal: signal }) {
      const question = messages.at(-1);
      const id = await options.conversationId();
      if (question?.role !== "user" || id === undefined)
        throw new TypeError("A run begins with a person's message in a thread that is initialized.");
      const parts = partsOf(question);
      const before = messages.at(-2);
      const parent = before === undefined ? rootOf(history, id) : storedId(before);
      const isAgain = await isStored(history, owner, id, question.id);
      const { turn, events } = await stopAndBegin({ history, owner, conversationId: id, signal }, () =>
        isAgain
          ? history.regenerate(owner, id, question.id, { signal })
          : history.startTurn(owner, id, { id: question.id, parts, parent }, { signal }),
      );
      const stop = (): unknown => history.stopTurn(owner, id, turn.id);
      yield* shownAnswer({ events, replyId: turn.replyId, signal, stop });
    },
  };
}

/**
 * Makes the branch that a person selects with assistant-ui's branch picker the conversation's own, so that every other
 * page and a reload show it. Returns a function that ends this.
 */
export function followBranch({ history, owner, conversationId, thread }: FollowBranchOptions): () => void {
  let head: string | undefined;
  let known = new Set<string>();
  let moving: Promise<unknown> = Promise.resolve();
  return thread.subscribe(() => {
    const last = thread.getState().messages.at(-1);
    if (last === undefined || last.id === head) return;
    head = last.id;
    const id = conversationId();
    const isSwitch = known.has(last.id);
    known = new Set(thread.export().messages.map(({ message }) => message.id));
    if (!isSwitch || id === undefined) return;
    moving = moving.catch(() => undefined).then(() => history.setHead(owner, id, storedId(last)));
  });
}

function rootOf(history: History, conversationId: string): string | null {
  return above.get(history)?.get(conversationId) ?? null;
}

interface Running {
  readonly events: AsyncIterable<TurnEvent>;
  readonly replyId: string | null;
  readonly signal: AbortSignal;
  readonly stop: () => unknown;
}

/** An answer as it grows; a person who ends it stops its turn, and one who leaves its thread does not. */
async function* shownAnswer({
  events,
  replyId,
  signal,
  stop,
}: Running): AsyncGenerator<ChatModelRunResult, void, void> {
  const fold = createFold();
  const metadata = { custom: { messageId: replyId } };
  try {
    for await (const { chunk } of events) {
      fold.push(chunk);
      yield { ...resultOf(fold.answer()), metadata };
    }
  } finally {
    const isLeft = (signal.reason as { detach?: unknown } | undefined)?.detach === true;
    if (signal.aborted && !isLeft) await stop();
  }
}

function resultOf(answer: Answer): ChatModelRunResult {
  const { parts } = answer;
  const like: ThreadMessageLike = { role: "assistant", content: contentsOf(parts, resultsIn(parts)) };
  const { content } = fromThreadMessageLike(like, "", { type: "running" });
  const status = endingOf(answer);
  return {
    content: content as readonly ThreadAssistantMessagePart[],
    ...(status === undefined ? {} : { status }),
  };
}

async function isStored(history: History, owner: Owner, id: string, messageId: string): Promise<boolean> {
  try {
    await history.getMessage(owner, id, messageId);
    return true;
  } catch (error) {
    if (isChatkeepError(error, "message_not_found") || isChatkeepError(error, "conversation_not_found"))
      return false;
    throw error;
  }
}
