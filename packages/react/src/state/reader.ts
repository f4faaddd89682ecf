import type { Conversation, History, Owner } from "@chatkeep/protocol";

import { type MessageWindow, createMessageWindow } from "./window.ts";

/** Reads a conversation's messages page by page. */
export interface Reader {
  readonly window: MessageWindow;
  /** Whether older messages exist than those read, are on their way, or could not be read. */
  older(): "none" | "more" | "loading" | "failed";
  /**
   * Reads the latest page the first time, later what came after the last settled message. One reading at a
   * time, and each began after it was asked for: who asks during one waits for the next. Throws what the history
   * throws.
   */
  read(): Promise<void>;
  /** Reads the page before the oldest message; nothing when there is none or one is on its way. */
  readOlder(): Promise<void>;
}

/** What {@link createReader} takes. */
export interface ReaderOptions {
  readonly history: Pick<History, "listMessages" | "getConversation">;
  readonly owner: Owner;
  readonly conversationId: string;
  /** Told after each reading, good or not. */
  readonly onChange: () => void;
  /** Told the conversation that the first page belongs to. */
  readonly onConversation: (conversation: Conversation) => void;
}

/** Messages in a page. */
const PAGE = 50;
/** Messages in a page of newer ones, the most that a server gives. */
const NEWER_PAGE = 100;
/** Pages of newer messages that are read before the window rather begins anew at the latest page. */
const NEWER_PAGES = 3;

/** Reads nothing by itself. */
export function createReader(options: ReaderOptions): Reader {
  const { history, owner, conversationId, onChange, onConversation } = options;
  const window = createMessageWindow();
  let read = false;
  let reading: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let older: "idle" | "loading" | "failed" = "idle";

  const readLatest = async (): Promise<void> => {
    const [page, conversation] = await Promise.all([
      history.listMessages(owner, conversationId, { limit: PAGE }),
      history.getConversation(owner, conversationId),
    ]);
    window.reset(page);
    read = true;
    onConversation(conversation);
  };

  const readNewer = async (): Promise<void> => {
    for (let pages = 0; pages < NEWER_PAGES; pages++) {
      const after = window.settledSeq();
      const page = await history.listMessages(owner, conversationId, { after, limit: NEWER_PAGE });
      // Cleared elsewhere: fewer are stored than are shown.
      if (page.total < window.list().length) break;
      window.put(page.messages);
      if (page.messages.length < NEWER_PAGE) return;
    }
    return readLatest();
  };

  const begin = (): Promise<void> => {
    const begun = (read ? readNewer() : readLatest()).finally(() => {
      if (reading === begun) reading = undefined;
      onChange();
    });
    reading = begun;
    return begun;
  };

  return {
    window,
    older: () => (older === "idle" ? (window.hasOlder() ? "more" : "none") : older),
    read() {
      if (reading === undefined) return begin();
      next ??= reading
        .catch(() => undefined)
        .then(() => {
          next = undefined;
          return begin();
        });
      return next;
    },
    async readOlder() {
      const before = window.firstSeq();
      if (before === undefined || older === "loading" || !window.hasOlder()) return;
      older = "loading";
      onChange();
      try {
        const page = await history.listMessages(owner, conversationId, { before, limit: PAGE });
        // Begun anew meanwhile: this page would leave a gap.
        if (window.firstSeq() === before) window.prepend(page);
        older = "idle";
      } catch {
        older = "failed";
      }
      onChange();
    },
  };
}
