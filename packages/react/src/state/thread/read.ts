import type { Conversation, History, Message, MessagePage, Owner } from "@chatkeep/protocol";

import { loadMarkdown } from "../../markdown/load-markdown.ts";
import { type LoadedMessages, lastSettled } from "./messages.ts";

/** Which messages to read: what has come since, the latest page, or the page around a `seq`. */
export type Wanted = "newer" | "latest" | { readonly around: number };

/** What was read: a page to begin anew with, or messages that belong to those loaded. */
export type Read =
  | {
      readonly kind: "page";
      readonly page: MessagePage;
      readonly hasNewer: boolean;
      readonly conversation: Conversation;
    }
  | { readonly kind: "messages"; readonly messages: readonly Message[] };

/** A side on which more messages can be read. */
export type Side = "older" | "newer";

/** What the functions of this file read from. */
export interface Source {
  readonly history: Pick<History, "listMessages" | "getConversation">;
  readonly owner: Owner;
  readonly conversationId: string;
}

/** Messages in a page. */
export const PAGE = 50;
/** Messages in a page of newer ones, the most that a server gives. */
const NEWER_PAGE = 100;
/** Pages of newer messages that are read before the reading rather begins anew at the latest page. */
const NEWER_PAGES = 3;

/** Reads what is wanted beside what is loaded. Throws what the history throws. */
export async function readMessages(source: Source, loaded: LoadedMessages, wanted: Wanted): Promise<Read> {
  if (wanted !== "newer") return readPage(source, wanted);
  const { history, owner, conversationId } = source;
  if (loaded.hasNewer) {
    const { total } = await history.listMessages(owner, conversationId, { limit: 1 });
    return total < loaded.list.length ? readPage(source, "latest") : { kind: "messages", messages: [] };
  }
  const messages: Message[] = [];
  const known = lastSettled(loaded);
  // With the last one that is known: on another branch, or deleted, it is not the first to come.
  let after = known === undefined ? 0 : known.seq - 1;
  for (let pages = 0; pages < NEWER_PAGES; pages++) {
    const page = await history.listMessages(owner, conversationId, {
      after,
      limit: NEWER_PAGE,
      files: "url",
    });
    // Cleared elsewhere: fewer are stored than are shown.
    if (page.total < loaded.list.length) break;
    if (pages === 0 && known !== undefined && page.messages[0]?.id !== known.id) break;
    messages.push(...page.messages);
    if (page.messages.length < NEWER_PAGE) return { kind: "messages", messages };
    after = page.messages.at(-1)?.seq ?? after;
  }
  return readPage(source, "latest");
}

/** Reads the page next to a loaded message. Throws what the history throws. */
export function readSide(source: Source, side: Side, edge: number): Promise<MessagePage> {
  const query = side === "older" ? { before: edge } : { after: edge };
  return source.history.listMessages(source.owner, source.conversationId, {
    ...query,
    limit: PAGE,
    files: "url",
  });
}

async function readPage({ history, owner, conversationId }: Source, wanted: Wanted): Promise<Read> {
  // While the messages come: most of them are answers.
  loadMarkdown().catch(() => undefined);
  const around = typeof wanted === "object" ? wanted.around : undefined;
  const [page, conversation] = await Promise.all([
    history.listMessages(owner, conversationId, { limit: PAGE, around, files: "url" }),
    history.getConversation(owner, conversationId),
  ]);
  const behind = around === undefined ? 0 : page.messages.filter(({ seq }) => seq > around).length;
  return { kind: "page", page, hasNewer: behind >= Math.floor(PAGE / 2), conversation };
}
