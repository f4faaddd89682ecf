import type { Conversation } from "@chatkeep/protocol";
import type { Chat } from "@chatkeep/react";

/** Finds conversations by their titles. */
export interface Titles {
  /**
   * Those whose title, or beginning where they have none, holds every word of `text`; most recently active first, then
   * archived ones. Errors: those of `History.listConversations`.
   */
  find(text: string): Promise<readonly Conversation[]>;
}

/** Pages of 100 that are read of each list: titles beyond 1,000 conversations are not found. */
const PAGES = 10;
/** The most that are found. */
const MOST = 8;

/** Reads the lists with the first search, and once. */
export function createTitles(chat: Pick<Chat, "history" | "owner">): Titles {
  let read: Promise<readonly Conversation[]> | undefined;
  return {
    async find(text) {
      read ??= readAll(chat);
      try {
        const words = fold(text).split(/\s+/);
        const holds = (title: string): boolean => words.every((word) => fold(title).includes(word));
        return (await read).filter(({ title, preview }) => holds(title ?? preview ?? "")).slice(0, MOST);
      } catch (error) {
        read = undefined;
        throw error;
      }
    },
  };
}

async function readAll({
  history,
  owner,
}: Pick<Chat, "history" | "owner">): Promise<readonly Conversation[]> {
  const lists = [false, true].map(async (archived) => {
    const found: Conversation[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES; page++) {
      const { conversations, nextCursor } = await history.listConversations(owner, {
        archived,
        limit: 100,
        cursor,
      });
      found.push(...conversations);
      if (nextCursor === null) break;
      cursor = nextCursor;
    }
    return found;
  });
  return (await Promise.all(lists)).flat();
}

/** Words as they are compared: without case and accents. */
function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
}
