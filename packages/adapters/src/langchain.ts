import {
  ChatkeepError,
  type History,
  type Message,
  type MessageInput,
  type Owner,
  isChatkeepError,
} from "@chatkeep/protocol";
import { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import {
  type BaseMessage,
  type StoredMessage,
  mapChatMessagesToStoredMessages,
  mapStoredMessageToChatMessage,
} from "@langchain/core/messages";

import { type Detached, attachFiles, detachFiles } from "./langchain/files.ts";
import { allMessages } from "./messages.ts";

export interface ChatMessageHistoryOptions {
  readonly history: History;
  readonly owner: Owner;
  readonly conversationId: string;
}

/** A message without the bytes of its files, which are parts of their own. */
type Stored = StoredMessage & { readonly places?: Detached["places"] | undefined };

/** The data part that keeps what LangChain says of a message beside what our parts tell. */
const STORED = "langchain-message";

const ROLES: Record<string, MessageInput["role"]> = {
  human: "user",
  ai: "assistant",
  system: "system",
  tool: "tool",
};

/**
 * A conversation as LangChain's `BaseListChatMessageHistory`, e.g. for `RunnableWithMessageHistory`. Messages
 * come back as they were, and every other API shows their text, calls and results. Messages of one call are
 * appended all or none; one whose `id` is there already is not stored again.
 */
export function createChatMessageHistory(options: ChatMessageHistoryOptions): BaseListChatMessageHistory {
  const { history, owner, conversationId } = options;

  class ChatkeepMessageHistory extends BaseListChatMessageHistory {
    override lc_namespace = ["chatkeep"];

    override async getMessages(): Promise<BaseMessage[]> {
      return (await allMessages(history, owner, conversationId)).map(toLangchain);
    }

    override async addMessage(message: BaseMessage): Promise<void> {
      await this.addMessages([message]);
    }

    override async addMessages(messages: BaseMessage[]): Promise<void> {
      if (messages.length === 0) return;
      const given = await Promise.all(messages.map(fromLangchain));
      try {
        await history.appendMessages(owner, conversationId, given);
      } catch (error) {
        // LangChain adds again what it has read, which another API may have written.
        if (!isChatkeepError(error, "idempotency_mismatch")) throw error;
        const ids = given.flatMap(({ id }) => id ?? []);
        const stored = await Promise.all(ids.map(async (id) => ((await holds(id)) ? id : undefined)));
        const added = given.filter(({ id }) => id === undefined || !stored.includes(id));
        if (added.length > 0) await history.appendMessages(owner, conversationId, added);
      }
    }

    override async clear(): Promise<void> {
      await history.clearMessages(owner, conversationId);
    }
  }
  const holds = (id: string): Promise<boolean> =>
    history.getMessage(owner, conversationId, id).then(
      () => true,
      (error: unknown) => {
        if (isChatkeepError(error, "message_not_found")) return false;
        throw error;
      },
    );
  return new ChatkeepMessageHistory();
}

/** What an id of a message can be; LangChain has ids of any text. */
const ID = /^(?!\.{1,2}$)[!-~]{1,128}$/;

/** The id under which a message is stored. */
async function idOf(id: string | undefined): Promise<string | undefined> {
  if (id === undefined || id === "" || ID.test(id)) return id === "" ? undefined : id;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(id)));
  return `langchain-${Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

async function fromLangchain(message: BaseMessage): Promise<MessageInput> {
  const [stored] = mapChatMessagesToStoredMessages([message]);
  const { data: given } = JSON.parse(JSON.stringify(stored)) as StoredMessage;
  const { content, files, places } = detachFiles(given.content);
  const data = { ...given, content } as StoredMessage["data"];
  if (readStored({ type: message.type, data }) === undefined) {
    const detail = `LangChain cannot read a message of the type "${message.type}" back, so it is not stored.`;
    throw new ChatkeepError("invalid_request", detail);
  }
  const text = message.text;
  const calls = (data as { tool_calls?: { id?: string; name: string; args: object }[] }).tool_calls ?? [];
  const role = ROLES[message.type] ?? "assistant";
  const parts: NonNullable<MessageInput["parts"]>[number][] =
    data.tool_call_id !== undefined
      ? [{ type: "tool-result", id: data.tool_call_id, result: text }]
      : text === ""
        ? []
        : [{ type: "text", text }];
  for (const call of calls) {
    const args = JSON.stringify(call.args);
    parts.push({ type: "tool-call", id: call.id ?? crypto.randomUUID(), name: call.name, arguments: args });
  }
  const whole = files.length === 0 ? { type: message.type, data } : { type: message.type, data, places };
  parts.push(...files, { type: "data", name: STORED, data: whole as never });
  return { id: await idOf(message.id), role, parts };
}

/** A message as it was given, or, when another API wrote it, as LangChain would have it. */
function toLangchain(message: Message): BaseMessage {
  for (const part of message.parts) {
    if (part.type === "data" && part.name === STORED) {
      const { type, data, places } = (part.data ?? {}) as unknown as Stored;
      const id = typeof data?.id === "string" && data.id !== "" && !ID.test(data.id) ? data.id : message.id;
      const files = message.parts.filter((one) => one.type === "file");
      const stored = readStored({ type, data: { ...data, id } }, { files, places });
      if (stored !== undefined) return stored;
    }
  }
  const calls = message.parts.flatMap((part) => (part.type === "tool-call" ? [part] : []));
  const type = Object.keys(ROLES).find((name) => ROLES[name] === message.role) ?? "ai";
  const data = {
    id: message.id,
    content: message.content,
    role: undefined,
    name: undefined,
    tool_call_id: message.toolCallId ?? undefined,
    tool_calls: calls.flatMap(({ id, name, arguments: text }) => callOf(id, name, text)),
    invalid_tool_calls: calls.flatMap(({ id, name, arguments: text }) =>
      callOf(id, name, text).length === 0 ? [{ type: "invalid_tool_call", id, name, args: text }] : [],
    ),
  };
  return mapStoredMessageToChatMessage({ type, data });
}

/** `undefined` for what LangChain cannot read: some types, and what another API stored under this name. */
function readStored(
  { type, data }: StoredMessage,
  { files, places = [] }: Pick<Detached, "files"> & Pick<Stored, "places"> = { files: [] },
): BaseMessage | undefined {
  try {
    const content = attachFiles({ content: data.content, files, places }) as string;
    return mapStoredMessageToChatMessage({ type, data: { ...data, content } });
  } catch {
    return undefined;
  }
}

function callOf(id: string, name: string, text: string): object[] {
  try {
    return [{ type: "tool_call", id, name, args: JSON.parse(text) as object }];
  } catch {
    return [];
  }
}
