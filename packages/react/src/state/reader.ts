import type { Conversation, History, Message, Owner } from "@chatkeep/protocol";

import { loadLexer } from "../markdown/load-lexer.ts";
import { type MessageWindow, createMessageWindow } from "./window.ts";

/** Whether more messages exist on one side than those read, are on their way, or could not be read. */
export type MoreMessages = "none" | "more" | "loading" | "failed";

/** Reads a conversation's messages page by page. */
export interface Reader {
  readonly window: MessageWindow;
  older(): MoreMessages;
  newer(): MoreMessages;
  /**
   * Reads the latest page the first time, later what came after the last settled message; nothing new while the
   * window is in the middle. One reading at a time, and each began after it was asked for: who asks during
   * one waits for the next. Throws what the history throws.
   */
  read(): Promise<void>;
  /** Begins the window anew at the latest page. Throws what the history throws. */
  readLatest(): Promise<void>;
  /** Begins the window anew around a message's `seq`, if that is not read yet. Throws what the history throws. */
  readAround(seq: number): Promise<void>;
  /** Reads the page before the oldest message; nothing when there is none or one is on its way. */
  readOlder(): Promise<void>;
  /** Reads the page after the newest message; nothing when there is none or one is on its way. */
  readNewer(): Promise<void>;
}

/** What {@link createReader} takes. */
export interface ReaderOptions {
  readonly history: Pick<History, "listMessages" | "getConversation">;
  readonly owner: Owner;
  readonly conversationId: string;
  /** What was just read of the conversation; default: it is read with the first page. */
  readonly conversation?: Conversation | undefined;
  /** Told after each reading, good or not. */
  readonly onChange: () => void;
  /** Told the conversation that the first page belongs to. */
  readonly onConversation: (conversation: Conversation) => void;
}

type Side = "older" | "newer";

/** Messages in a page. */
const PAGE = 50;
/** Messages in a page of newer ones, the most that a server gives. */
const NEWER_PAGE = 100;
/** Pages of newer messages that are read before the window rather begins anew at the latest page. */
const NEWER_PAGES = 3;

/** Reads nothing by itself. */
export function createReader(options: ReaderOptions): Reader {
  const { history, owner, conversationId, onChange, onConversation } = options;
  let justRead = options.conversation;
  const window = createMessageWindow();
  let read = false;
  let reading: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const sides: Record<Side, "idle" | "loading" | "failed"> = { older: "idle", newer: "idle" };

  const beginAnew = async (around?: number): Promise<void> => {
    // While the messages come: most of them are answers.
    loadLexer().catch(() => undefined);
    const [page, conversation] = await Promise.all([
      history.listMessages(owner, conversationId, { limit: PAGE, around }),
      justRead ?? history.getConversation(owner, conversationId),
    ]);
    justRead = undefined;
    const behind = around === undefined ? 0 : page.messages.filter(({ seq }) => seq > around).length;
    window.reset(behind < Math.floor(PAGE / 2) ? "latest" : "middle", page);
    sides.older = "idle";
    sides.newer = "idle";
    read = true;
    onConversation(conversation);
  };

  const readOn = async (): Promise<void> => {
    if (window.hasNewer()) {
      const { total } = await history.listMessages(owner, conversationId, { limit: 1 });
      return total < window.list().length ? beginAnew() : undefined;
    }
    for (let pages = 0; pages < NEWER_PAGES; pages++) {
      const after = window.settledSeq();
      const page = await history.listMessages(owner, conversationId, { after, limit: NEWER_PAGE });
      // Cleared elsewhere: fewer are stored than are shown.
      if (page.total < window.list().length) break;
      window.put(page.messages);
      if (page.messages.length < NEWER_PAGE) return;
    }
    return beginAnew();
  };

  const begin = (job: () => Promise<void>): Promise<void> => {
    const begun = job().finally(() => {
      if (reading === begun) reading = undefined;
      onChange();
    });
    reading = begun;
    return begun;
  };
  /** After the reading that is under way. */
  const then = async (job: () => Promise<void>): Promise<void> => {
    const current = reading;
    if (current === undefined) return begin(job);
    await current.catch(() => undefined);
    return then(job);
  };

  /** One more page on a side. `edge` is the message that it has to meet: else the window began anew meanwhile. */
  const readSide = async (
    side: Side,
    edge: () => number | undefined,
    job: (edge: number) => Promise<() => void>,
  ): Promise<void> => {
    const from = edge();
    if (from === undefined || sides[side] === "loading") return;
    sides[side] = "loading";
    onChange();
    try {
      const take = await job(from);
      if (edge() === from) take();
      sides[side] = "idle";
    } catch {
      sides[side] = "failed";
    }
    onChange();
  };
  const more = (side: Side, exists: boolean): MoreMessages =>
    sides[side] === "idle" ? (exists ? "more" : "none") : sides[side];

  return {
    window,
    older: () => more("older", window.hasOlder()),
    newer: () => more("newer", window.hasNewer()),
    read() {
      const job = (): Promise<void> => (read ? readOn() : beginAnew());
      if (reading === undefined) return begin(job);
      next ??= then(() => {
        next = undefined;
        return job();
      });
      return next;
    },
    readLatest: () => then(() => beginAnew()),
    readAround: (seq) => then(() => (holds(window.list(), seq) ? Promise.resolve() : beginAnew(seq))),
    async readOlder() {
      if (!window.hasOlder()) return;
      await readSide("older", window.firstSeq, async (before) => {
        const page = await history.listMessages(owner, conversationId, { before, limit: PAGE });
        return () => window.prepend(page);
      });
    },
    async readNewer() {
      if (!window.hasNewer()) return;
      await readSide("newer", window.lastSeq, async (after) => {
        const page = await history.listMessages(owner, conversationId, { after, limit: PAGE });
        return () => window.append(page.messages.length < PAGE ? "last" : "middle", page);
      });
    },
  };
}

function holds(messages: readonly Message[], seq: number): boolean {
  return messages.some((message) => message.seq === seq);
}
