import { ownerId } from "@chatkeep/core";
import { ChatkeepError, type Json, type MessageInput, type Owner } from "@chatkeep/protocol";

import type { ServedHistory } from "../history.ts";
import { requestContext } from "./limited-history.ts";
import { createReadQueue } from "./reads.ts";
import type { StorageCounter } from "./storage.ts";

/** UTF-16 units of the data parts of a person's message; server keys write more. As metadata: 16 KiB. */
const MOST_DATA = 16 * 1024;

/**
 * A history of which one owner or address takes no more than a share: bytes written a day, and reads under way at
 * once. What a server key writes is not counted. A retry of a stored message is never refused.
 */
export function boundHistory(history: ServedHistory, storage: StorageCounter): ServedHistory {
  const inTurn = createReadQueue();

  const admit = async (
    owner: Owner,
    conversationId: string,
    messages: readonly Pick<MessageInput, "id" | "parts" | "toolCalls">[],
  ): Promise<void> => {
    const context = requestContext.getStore();
    if (context === undefined || context.isTrusted) return;
    for (const [index, { parts = [], toolCalls }] of messages.entries()) {
      const data = [...parts.filter(({ type }) => type === "data"), toolCalls ?? null];
      if (lengthOf(data as unknown as Json) <= MOST_DATA) continue;
      throw new ChatkeepError(
        "payload_too_large",
        `The data parts of a person's message must have at most ${MOST_DATA} characters.`,
        { pointer: messages.length === 1 ? "/parts" : `/messages/${index}/parts` },
      );
    }
    const exceeded = storage.count(lengthOf(messages as unknown as Json), owner, context.address);
    if (exceeded === undefined) return;
    const ids = messages.flatMap(({ id }) => id ?? []);
    if (ids.length < messages.length || !(await history.holdsMessages(owner, conversationId, ids)))
      throw exceeded;
  };

  return {
    ...history,
    async appendMessages(owner, conversationId, messages, options) {
      await admit(owner, conversationId, messages);
      return history.appendMessages(owner, conversationId, messages, options);
    },
    async startTurn(owner, conversationId, question, options) {
      const context = requestContext.getStore();
      if (context?.hasBytes !== true) await admit(owner, conversationId, [question]);
      if (context !== undefined) context.hasBytes = true;
      return history.startTurn(owner, conversationId, question, options);
    },
    listMessages: (owner, ...query) => inTurn(ownerId(owner), () => history.listMessages(owner, ...query)),
    getMessage: (owner, ...path) => inTurn(ownerId(owner), () => history.getMessage(owner, ...path)),
    getContext: (owner, ...query) => inTurn(ownerId(owner), () => history.getContext(owner, ...query)),
    getTurn: (owner, ...path) => inTurn(ownerId(owner), () => history.getTurn(owner, ...path)),
    searchMessages: (owner, query) => inTurn(ownerId(owner), () => history.searchMessages(owner, query)),
  };
}

/** About the bytes of a value as JSON, without writing it. */
function lengthOf(value: Json | undefined): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 8;
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + lengthOf(one), 0);
  return Object.entries(value).reduce((sum, [key, one]) => sum + key.length + lengthOf(one), 0);
}
