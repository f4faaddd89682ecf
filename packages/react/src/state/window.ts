import type { Message, MessagePage } from "@chatkeep/protocol";

/** The stored messages that are loaded: an unbroken stretch of a conversation, by `seq`. */
export interface MessageWindow {
  /** Oldest first. */
  list(): readonly Message[];
  get(id: string): Message | undefined;
  /** Whether older messages exist than those loaded. */
  hasOlder(): boolean;
  /** Whether newer messages exist than those loaded; `false`: the stretch reaches the end. */
  hasNewer(): boolean;
  /** The `seq` of the oldest loaded message; `undefined` when none is. */
  firstSeq(): number | undefined;
  /** The `seq` of the newest loaded message; 0 when none is. */
  lastSeq(): number;
  /** The last `seq` up to which everything loaded is settled: what comes after it can still change. */
  settledSeq(): number;
  /** Begins anew with a page, the latest or one in the `middle`. */
  reset(place: "latest" | "middle", page: MessagePage): void;
  /** Adds a page of older messages; the newest leave when there are too many. */
  prepend(page: MessagePage): void;
  /** Adds a page of newer messages, the `last` one or not; the oldest leave when there are too many. */
  append(place: "last" | "middle", page: MessagePage): void;
  /** Takes out a message and all that come after it. */
  cut(id: string): void;
  /** Adds newer messages at the end, and newer states of loaded ones. */
  put(messages: readonly Message[]): void;
}

/** Messages that are loaded at the most while a person pages: so many elements are mounted. */
const MOST = 400;

/** Keeps the loaded messages of one conversation. */
export function createMessageWindow(): MessageWindow {
  let list: readonly Message[] = [];
  let byId = new Map<string, Message>();
  let older = false;
  let newer = false;

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
    hasNewer: () => newer,
    firstSeq: () => list[0]?.seq,
    lastSeq: () => list.at(-1)?.seq ?? 0,
    settledSeq() {
      const open = list.find((message) => message.status === "streaming");
      return open === undefined ? (list.at(-1)?.seq ?? 0) : open.seq - 1;
    },
    reset(place, page) {
      replace(page.messages);
      older = page.hasMore;
      newer = place === "middle";
    },
    prepend(page) {
      const all = [...page.messages, ...list];
      newer ||= all.length > MOST;
      replace(all.slice(0, MOST));
      older = page.hasMore;
    },
    append(place, page) {
      const all = [...list, ...page.messages];
      older ||= all.length > MOST;
      replace(all.slice(-MOST));
      newer = place === "middle";
    },
    cut(id) {
      replace(upTo(list, id));
    },
    put(messages) {
      if (messages.length > 0) replace([...list, ...messages]);
    },
  };
}

/** The messages before the one with this id; all when it is not among them. */
export function upTo(messages: readonly Message[], id: string | null | undefined): readonly Message[] {
  const index = messages.findIndex((message) => message.id === id);
  return index < 0 ? messages : messages.slice(0, index);
}
