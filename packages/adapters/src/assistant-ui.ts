import {
  type ChatModelAdapter,
  type ChatModelRunResult,
  ExportedMessageRepository,
  type RemoteThreadListAdapter,
  type ThreadAssistantMessagePart,
  type ThreadHistoryAdapter,
  type ThreadMessageLike,
  fromThreadMessageLike,
} from "@assistant-ui/react";
import {
  type Answer,
  type History,
  type Json,
  type Message,
  type Owner,
  type Part,
  type TurnEvent,
  createFold,
  isChatkeepError,
  startPageTurn,
} from "@chatkeep/protocol";
import { createAssistantStream } from "assistant-stream";

import { allMessages } from "./messages.ts";

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
  /** How many of the latest messages are loaded (default 100). */
  readonly limit?: number;
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

/**
 * A conversation as assistant-ui's history of a thread. An appended message whose id is there already is left
 * alone. An answer that still runs is followed (`resume`), so a page that is loaded again misses nothing.
 */
export function createThreadHistoryAdapter(options: ThreadHistoryOptions): ThreadHistoryAdapter {
  const { history, owner, limit = 100, storedBy = "adapter" } = options;
  return {
    async load() {
      const id = options.conversationId();
      const messages = id === undefined ? [] : await stored(history, owner, id, limit);
      const whole = messages.filter(({ status }) => status !== "streaming");
      return {
        ...ExportedMessageRepository.fromArray(shownOf(whole)),
        unstable_resume: whole.length < messages.length,
      };
    },
    async *resume({ abortSignal }) {
      const id = options.conversationId() ?? "";
      const { runningTurn } = await history.getConversation(owner, id);
      if (runningTurn === null) return;
      const events = history.followTurn(owner, id, runningTurn, { signal: abortSignal });
      const stop = (): unknown => history.stopTurn(owner, id, runningTurn);
      yield* shownAnswer({ events, signal: abortSignal, stop });
    },
    async append({ message }) {
      if (storedBy === "turns") return;
      const id = options.conversationId();
      if (id === undefined) throw new TypeError("The thread has to be initialized before its first message.");
      if (await isStored(history, owner, id, message.id)) return;
      await history.createConversation(owner, { id });
      const parts = (message.content as readonly Record<string, Json>[]).flatMap(partsFrom);
      await history.appendMessages(owner, id, [{ id: message.id, role: message.role, parts }]);
    },
  };
}

/**
 * The server's turns as assistant-ui's model, for its local runtime: the server answers, and a piece is shown
 * once it is stored. Stopping stops the turn; leaving the thread does not. Asking anew makes a version of the answer.
 */
export function createChatModelAdapter(options: ChatModelOptions): ChatModelAdapter {
  const { history, owner } = options;
  return {
    async *run({ messages, abortSignal }) {
      const question = messages.at(-1);
      const id = await options.conversationId();
      if (question?.role !== "user" || id === undefined)
        throw new TypeError("A run begins with a person's message in a thread that is initialized.");
      const parts = (question.content as readonly Record<string, Json>[]).flatMap(partsFrom);
      const { turn, events } = await startPageTurn({
        history,
        owner,
        conversationId: id,
        question: { id: question.id, parts },
        // A question that is stored already is asked once more: the new answer is a version of the old one.
        intent: "regenerate",
        previousId: messages.at(-2)?.id,
        signal: abortSignal,
      });
      const stop = (): unknown => history.stopTurn(owner, id, turn.id);
      yield* shownAnswer({ events, signal: abortSignal, stop });
    },
  };
}

interface Running {
  readonly events: AsyncIterable<TurnEvent>;
  readonly signal: AbortSignal;
  readonly stop: () => unknown;
}

/** An answer as it grows; a person who ends it stops its turn, and one who leaves its thread does not. */
async function* shownAnswer({
  events,
  signal,
  stop,
}: Running): AsyncGenerator<ChatModelRunResult, void, void> {
  const fold = createFold();
  try {
    for await (const { chunk } of events) {
      fold.push(chunk);
      yield resultOf(fold.answer());
    }
  } finally {
    const isLeft = (signal.reason as { detach?: unknown } | undefined)?.detach === true;
    if (signal.aborted && !isLeft) await stop();
  }
}

function resultOf({ parts, status, error }: Answer): ChatModelRunResult {
  const like: ThreadMessageLike = { role: "assistant", content: contentsOf(parts, resultsIn([{ parts }])) };
  const { content } = fromThreadMessageLike(like, "", { type: "running" });
  const shown = { content: content as readonly ThreadAssistantMessagePart[] };
  if (status !== "failed" && status !== "interrupted") return shown;
  const detail = error?.detail ?? "The answer was cut off before its end.";
  return { ...shown, status: { type: "incomplete", reason: "error", error: detail } };
}

async function stored(history: History, owner: Owner, id: string, limit: number): Promise<Message[]> {
  try {
    return await allMessages(history, owner, id, limit);
  } catch (error) {
    if (isChatkeepError(error, "conversation_not_found")) return [];
    throw error;
  }
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

type Content = Exclude<ThreadMessageLike["content"], string>[number];
type ToolResult = Extract<Part, { type: "tool-result" }>;

/** Messages as assistant-ui shows them; a tool's results go to the calls which they answer. */
function shownOf(messages: readonly Message[]): ThreadMessageLike[] {
  const results = resultsIn(messages);
  return messages.flatMap((message): ThreadMessageLike[] => {
    if (message.role === "tool") return [];
    const content = contentsOf(message.parts, results);
    const { id, role, createdAt } = message;
    return [
      {
        id,
        role,
        createdAt: new Date(createdAt),
        content,
        metadata: { custom: { status: message.status, contextText: message.contextText } },
      },
    ];
  });
}

type Results = ReadonlyMap<string, ToolResult>;

function resultsIn(messages: readonly Pick<Message, "parts">[]): Results {
  const results = messages.flatMap(({ parts }) => parts.filter((part) => part.type === "tool-result"));
  return new Map(results.map((result) => [result.id, result]));
}

function contentsOf(parts: readonly Part[], results: Results): Content[] {
  return parts.flatMap((part, index) => contentOf(part, index, results));
}

function contentOf(part: Part, index: number, results: Results): Content[] {
  switch (part.type) {
    case "text":
    case "reasoning":
      return [{ type: part.type, text: part.text }];
    case "tool-call": {
      const result = results.get(part.id);
      const answered = result === undefined ? {} : { result: result.result, isError: result.error === true };
      return [
        {
          type: "tool-call",
          toolCallId: part.id,
          toolName: part.name,
          argsText: part.arguments,
          ...answered,
        },
      ];
    }
    case "tool-result":
      return [];
    case "citation": {
      const { citation } = part;
      const title = citation.section ?? citation.chapter;
      const source = {
        sourceType: "url" as const,
        id: `source-${index + 1}`,
        url: citation.url ?? citation.path,
      };
      return [{ type: "source", ...source, title }];
    }
    case "file":
      return [
        {
          type: "file",
          data: part.url,
          mimeType: part.mime,
          ...(part.name === undefined ? {} : { filename: part.name }),
        },
      ];
    case "data":
      return [{ type: "data", name: part.name, data: part.data }];
  }
}

function partsFrom(content: Record<string, Json>): Part[] {
  const { type, text, toolCallId, toolName, argsText, result, isError, name, data } = content;
  if ((type === "text" || type === "reasoning") && typeof text === "string") return [{ type, text }];
  if (type === "tool-call" && typeof toolCallId === "string" && typeof toolName === "string") {
    const call: Part = {
      type,
      id: toolCallId,
      name: toolName,
      arguments: typeof argsText === "string" ? argsText : "{}",
    };
    if (result === undefined) return [call];
    const error = isError === true ? { error: true } : {};
    return [call, { type: "tool-result", id: toolCallId, result, ...error }];
  }
  if (type === "data" && typeof name === "string") return [{ type, name, data: data ?? null }];
  // What we do not know is kept as it came.
  return [{ type: "data", name: "assistant-ui-part", data: content }];
}
