import { createHash, randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";

import {
  type History,
  type Json,
  type JsonObject,
  type Message,
  type MessageInput,
  type Owner,
  type Part,
  ROLES,
} from "@chatkeep/protocol";
import type {
  AgentInputItem,
  SessionHistoryTransactionArgs,
  SessionHistoryTransactionAwareSession,
} from "@openai/agents";

import { allMessages } from "./messages.ts";

export interface SessionOptions {
  readonly history: History;
  readonly owner: Owner;
  /** The conversation; default a new one, made when it is first needed. */
  readonly conversationId?: string;
}

/** The data part that keeps an item of an agent as it was given. */
const ITEM = "agent-item";
/** The data part of a message that is no item: it marks an operation. */
const MARK = "agent-operation";

/**
 * A conversation as a session of OpenAI's Agents SDK. Items come back as they were, and every other API
 * shows their text, calls and results. `applyHistoryTransaction` is atomic and idempotent: the ids of its
 * messages are made from the operation's id, and a suffix is replaced only if it is still the latest.
 */
export function createSession(options: SessionOptions): SessionHistoryTransactionAwareSession {
  const { history, owner } = options;
  let conversation: Promise<string> | undefined;

  const getSessionId = (): Promise<string> => {
    const id = options.conversationId;
    conversation ??= history
      .createConversation(owner, id === undefined ? {} : { id })
      .then((made) => made.conversation.id)
      .catch((error: unknown) => {
        conversation = undefined;
        throw error;
      });
    return conversation;
  };

  /** The latest messages, until `wanted` of them are items, oldest first. */
  const latest = async (wanted: number): Promise<Message[]> => {
    const id = await getSessionId();
    for (let count = wanted; ; count *= 2) {
      const messages = await allMessages(history, owner, id, count);
      const items = messages.filter(isItem).length;
      if (items >= wanted || messages.length < count) return messages;
    }
  };

  const addItems = async (items: readonly AgentInputItem[]): Promise<void> => {
    if (items.length === 0) return;
    await history.appendMessages(
      owner,
      await getSessionId(),
      items.map((item) => messageOf(item)),
    );
  };

  return {
    getSessionId,
    addItems,

    async getItems(limit) {
      if (limit !== undefined && limit <= 0) return [];
      const items = (await latest(limit ?? Number.POSITIVE_INFINITY)).flatMap(itemsOf);
      return limit === undefined ? items : items.slice(-limit);
    },

    async popItem() {
      const id = await getSessionId();
      const message = (await latest(1)).findLast(isItem);
      if (message === undefined) return undefined;
      if (message.versions.count > 1) {
        // Otherwise another version would take the item's place.
        await history.appendMessages(owner, id, [markOf(randomUUID())], { parent: message.parentId });
      }
      await history.deleteMessage(owner, id, message.id);
      return itemsOf(message).at(-1);
    },

    async clearSession() {
      await history.clearMessages(owner, await getSessionId());
    },

    async applyHistoryTransaction({ operationId, transaction }: SessionHistoryTransactionArgs) {
      const id = await getSessionId();
      const digest = createHash("sha256").update(JSON.stringify(transaction)).digest("hex");
      const items = transaction.type === "append_items" ? transaction.items : transaction.replacement;
      const mark = markOf(digest);
      const messages: MessageInput[] =
        items.length === 0
          ? [mark]
          : items.map((item, index) => messageOf(item, index === 0 ? mark.parts : []));
      const named = messages.map((message, index) => ({ ...message, id: idOf(id, operationId, index) }));
      if (transaction.type === "append_items") {
        await history.appendMessages(owner, id, named);
        return;
      }
      const { expectedSuffix } = transaction;
      const isApplied = await has(history, owner, id, named[0]?.id ?? "");
      const replaced = isApplied ? [] : suffixOf(await latest(expectedSuffix.length), expectedSuffix);
      // Only the latest is replaced: else another writer's items would be left aside.
      const place = { parent: replaced[0]?.parentId, expectedHead: replaced.at(-1)?.id };
      await history.appendMessages(owner, id, named, place);
      // A session has no versions: what was replaced would come back when the new items are popped.
      if (replaced.length > 0) {
        await history.deleteMessages(owner, id, { ids: replaced.map((message) => message.id) });
      }
    },
  };
}

function markOf(data: string): MessageInput & { readonly parts: readonly Part[] } {
  return { role: "system", parts: [{ type: "data", name: MARK, data }] };
}

async function has(history: History, owner: Owner, conversation: string, id: string): Promise<boolean> {
  return history.getMessage(owner, conversation, id).then(
    () => true,
    (error: unknown) => {
      if ((error as { code?: string }).code === "message_not_found") return false;
      throw error;
    },
  );
}

/** The messages that hold these items, if they are the latest. Errors: `TypeError` if they are not. */
function suffixOf(messages: readonly Message[], expected: readonly AgentInputItem[]): readonly Message[] {
  if (expected.length === 0) return [];
  for (let start = messages.length - 1; start >= 0; start -= 1) {
    const suffix = messages.slice(start);
    const items = suffix.flatMap(itemsOf);
    if (items.length < expected.length) continue;
    if (isDeepStrictEqual(plain(items), plain(expected))) return suffix;
    break;
  }
  throw new TypeError("The session's latest items are not those that were to be replaced.");
}

function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

function idOf(conversation: string, operationId: string, index: number): string {
  const name = JSON.stringify([conversation, operationId, index]);
  return `agents-${createHash("sha256").update(name).digest("hex").slice(0, 48)}`;
}

function isItem(message: Message): boolean {
  return itemsOf(message).length > 0;
}

function messageOf(item: AgentInputItem, more: readonly Part[] = []): MessageInput {
  const given = plain(item) as JsonObject;
  const { type, role } = given;
  const parts = partsOf(given);
  const kept: Part = { type: "data", name: ITEM, data: given };
  const known = type === "function_call_result" ? "tool" : ROLES.find((name) => name === role);
  return { role: known ?? "assistant", parts: [...parts, kept, ...more] };
}

function partsOf({ type, content, callId, name, arguments: args, output }: JsonObject): Part[] {
  if (type === "function_call" && typeof callId === "string" && typeof name === "string") {
    return [
      {
        type: "tool-call",
        id: callId,
        name,
        arguments: typeof args === "string" ? args : JSON.stringify(args ?? {}),
      },
    ];
  }
  if (type === "function_call_result" && typeof callId === "string") {
    const text = (output as JsonObject | null)?.["text"];
    return [{ type: "tool-result", id: callId, result: typeof text === "string" ? text : (output ?? null) }];
  }
  if (typeof content === "string") return [{ type: "text", text: content }];
  if (!Array.isArray(content)) return [];
  return content.flatMap((piece): Part[] => {
    const text = (piece as JsonObject | null)?.["text"];
    return typeof text === "string" ? [{ type: "text", text }] : [];
  });
}

/** The items of a message: as they were given, or, when another API wrote it, as an agent would have them. */
function itemsOf({ parts, role }: Message): AgentInputItem[] {
  for (const part of parts) {
    if (part.type !== "data") continue;
    if (part.name === ITEM) return [part.data as unknown as AgentInputItem];
    if (part.name === MARK) return [];
  }
  const items: AgentInputItem[] = [];
  for (const part of parts) {
    if (part.type === "tool-call") {
      const { id: callId, name, arguments: args } = part;
      items.push({ type: "function_call", callId, name, arguments: args, status: "completed" });
    } else if (part.type === "tool-result") {
      const text = typeof part.result === "string" ? part.result : JSON.stringify(part.result);
      const name = nameOf(parts, part.id);
      items.push({
        type: "function_call_result",
        callId: part.id,
        name,
        status: "completed",
        output: { type: "text", text },
      });
    } else if (part.type === "text") {
      if (role === "assistant") {
        const content = [{ type: "output_text" as const, text: part.text }];
        items.push({ type: "message", role, status: "completed", content });
      } else {
        items.push({ type: "message", role: role === "system" ? "system" : "user", content: part.text });
      }
    }
  }
  return items;
}

function nameOf(parts: readonly Part[], callId: string): string {
  const call = parts.find((part) => part.type === "tool-call" && part.id === callId);
  return call?.type === "tool-call" ? call.name : "unknown";
}
