import type { Message, MessagePage } from "@chatkeep/protocol";

/** The stored messages that are loaded: an unbroken stretch at the end of a conversation, by `seq`. */
export interface MessageWindow {
  /** Oldest first. */
  list(): readonly Message[];
  get(id: string): Message | undefined;
  /** Whether older messages exist than those loaded. */
  hasOlder(): boolean;
  /** The `seq` of the oldest loaded message; `undefined` when none is. */
  firstSeq(): number | undefined;
  /** The last `seq` up to which everything loaded is settled: what comes after it can still change. */
  settledSeq(): number;
  /** Begins anew with the latest page. */
  reset(page: MessagePage): void;
  /** Adds a page of older messages. */
  prepend(page: MessagePage): void;
  /** Adds newer messages, and newer states of loaded ones. */
  put(messages: readonly Message[]): void;
}

/** Keeps the loaded messages of one conversation. */
export function createMessageWindow(): MessageWindow {
  let list: readonly Message[] = [];
  let byId = new Map<string, Message>();
  let older = false;

  const replace = (messages: Iterable<Message>): void => {
    byId = new Map();
    for (const message of messages) {
      // Replies can overtake each other; a settled message never becomes a streaming one again.
      const known = byId.get(message.id);
      if (known === undefined || known.status === "streaming" || message.status !== "streaming")
        byId.set(message.id, message);
    }
    list = [...byId.values()].sort((a, b) => a.seq - b.seq);
  };

  return {
    list: () => list,
    get: (id) => byId.get(id),
    hasOlder: () => older,
    firstSeq: () => list[0]?.seq,
    settledSeq() {
      const open = list.find((message) => message.status === "streaming");
      return open === undefined ? (list.at(-1)?.seq ?? 0) : open.seq - 1;
    },
    reset(page) {
      replace(page.messages);
      older = page.hasMore;
    },
    prepend(page) {
      replace([...page.messages, ...list]);
      older = page.hasMore;
    },
    put(messages) {
      if (messages.length > 0) replace([...list, ...messages]);
    },
  };
}
