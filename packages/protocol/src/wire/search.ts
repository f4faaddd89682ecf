import type { SearchHit, SearchPage, Stretch } from "../search.ts";
import { type WireConversation, conversationFromWire, conversationToWire } from "./conversation.ts";
import { type WireMessage, messageFromWire, messageToWire } from "./message.ts";

export interface WireSearchHit {
  message: WireMessage;
  title: string | null;
  scope: string | null;
  scope_label: string | null;
  snippet: { text: string; start: number; marks: readonly Stretch[] };
  score: number;
}

export interface WireSearchPage {
  titles: (WireConversation & { marks: readonly Stretch[] })[];
  hits: WireSearchHit[];
  next_cursor: string | null;
}

export function searchPageToWire(page: SearchPage): WireSearchPage {
  return {
    titles: page.titles.map((one) => ({ ...conversationToWire(one), marks: one.marks })),
    hits: page.hits.map(hitToWire),
    next_cursor: page.nextCursor,
  };
}

export function searchPageFromWire(wire: WireSearchPage): SearchPage {
  return {
    titles: wire.titles.map((one) => ({ ...conversationFromWire(one), marks: one.marks })),
    hits: wire.hits.map(({ message, scope_label: scopeLabel, ...hit }) => ({
      ...hit,
      message: messageFromWire(message),
      scopeLabel,
    })),
    nextCursor: wire.next_cursor,
  };
}

function hitToWire({ message, scopeLabel, ...hit }: SearchHit): WireSearchHit {
  return { ...hit, scope_label: scopeLabel, message: messageToWire(message) };
}
