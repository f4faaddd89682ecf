import type { Message, MessagePage } from "@chatkeep/protocol";

/** The stored messages that are loaded: an unbroken stretch of a conversation, oldest first. A value, never changed. */
export interface LoadedMessages {
  readonly list: readonly Message[];
  /** Whether older messages exist than those loaded. */
  readonly hasOlder: boolean;
  /** Whether newer messages exist than those loaded; `false`: the stretch reaches the end. */
  readonly hasNewer: boolean;
}

/** Messages that are loaded at the most while a person pages: so many elements are mounted. */
const MOST = 400;

/** Nothing is loaded. */
export const NO_MESSAGES: LoadedMessages = { list: [], hasOlder: false, hasNewer: false };

/** The stretch of one page. */
export function ofPage(page: MessagePage, hasNewer: boolean): LoadedMessages {
  return { list: ordered(page.messages), hasOlder: page.hasMore, hasNewer };
}

/** With a page of older messages; the newest leave when there are too many. */
export function prepended(loaded: LoadedMessages, page: MessagePage): LoadedMessages {
  const all = ordered([...page.messages, ...loaded.list]);
  return {
    list: all.slice(0, MOST),
    hasOlder: page.hasMore,
    hasNewer: loaded.hasNewer || all.length > MOST,
  };
}

/** With a page of newer messages, after which more exist or not; the oldest leave when there are too many. */
export function appended(loaded: LoadedMessages, page: MessagePage, hasNewer: boolean): LoadedMessages {
  const all = ordered([...loaded.list, ...page.messages]);
  return { list: all.slice(-MOST), hasOlder: loaded.hasOlder || all.length > MOST, hasNewer };
}

/** With newer messages at the end, and newer states of loaded ones. */
export function merged(loaded: LoadedMessages, messages: readonly Message[]): LoadedMessages {
  return messages.length === 0 ? loaded : { ...loaded, list: ordered([...loaded.list, ...messages]) };
}

/** The messages before the one with this id; all when it is not among them. */
export function upTo(messages: readonly Message[], id: string | null | undefined): readonly Message[] {
  const index = messages.findIndex((message) => message.id === id);
  return index < 0 ? messages : messages.slice(0, index);
}

/** The last message up to which everything loaded is settled: what comes after it can still change. */
export function lastSettled({ list }: LoadedMessages): Message | undefined {
  const open = list.findIndex((message) => message.status === "streaming");
  return open < 0 ? list.at(-1) : list[open - 1];
}

function ordered(messages: readonly Message[]): readonly Message[] {
  const byId = new Map<string, Message>();
  for (const message of messages) {
    // Replies can overtake each other; a settled message never becomes a streaming one again.
    const known = byId.get(message.id);
    if (known === undefined || known.status === "streaming" || message.status !== "streaming")
      byId.set(message.id, message);
  }
  return [...byId.values()].sort((a, b) => a.seq - b.seq);
}
