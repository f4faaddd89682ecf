import {
  ExportedMessageRepository,
  type RemoteThreadListAdapter,
  type ThreadHistoryAdapter,
  type ThreadMessageLike,
} from "@assistant-ui/react";
import {
  type History,
  type Json,
  type Message,
  type Owner,
  type Part,
  isChatkeepError,
} from "@chatkeep/protocol";
import { createAssistantStream } from "assistant-stream";

import { allMessages } from "./messages.ts";

/** What {@link createThreadListAdapter} takes. */
export interface ThreadListOptions {
  /** `createClient({ baseUrl })` in a browser. */
  readonly history: History;
  readonly owner: Owner;
}

/** What {@link createThreadHistoryAdapter} takes. */
export interface ThreadHistoryOptions extends ThreadListOptions {
  /** The conversation that is shown; `undefined` while the thread is new. Asked at every call. */
  readonly conversationId: () => string | undefined;
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
      const { conversation } = await history.createConversation(owner, { id: threadId });
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
 * A conversation as assistant-ui's history of a thread. What the server stored while it answered is not
 * stored again: an appended message whose id is there already is left alone.
 */
export function createThreadHistoryAdapter(options: ThreadHistoryOptions): ThreadHistoryAdapter {
  const { history, owner, limit = 100 } = options;
  return {
    async load() {
      const id = options.conversationId();
      const messages = id === undefined ? [] : await stored(history, owner, id, limit);
      return ExportedMessageRepository.fromArray(shownOf(messages));
    },
    async append({ message }) {
      const id = options.conversationId();
      if (id === undefined) throw new TypeError("The thread has to be initialized before its first message.");
      if (await isStored(history, owner, id, message.id)) return;
      await history.createConversation(owner, { id });
      const parts = (message.content as readonly Record<string, Json>[]).flatMap(partsFrom);
      await history.appendMessages(owner, id, [{ id: message.id, role: message.role, parts }]);
    },
  };
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
  const results = new Map<string, ToolResult>();
  for (const { parts } of messages) {
    for (const part of parts) if (part.type === "tool-result") results.set(part.id, part);
  }
  return messages.flatMap((message): ThreadMessageLike[] => {
    if (message.role === "tool") return [];
    const content = message.parts.flatMap((part, index) => contentOf(part, index, results));
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

function contentOf(part: Part, index: number, results: ReadonlyMap<string, ToolResult>): Content[] {
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
