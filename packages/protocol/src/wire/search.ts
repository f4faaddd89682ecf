import type { SearchHit, SearchPage, Stretch } from "../search.ts";
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
  hits: WireSearchHit[];
  next_cursor: string | null;
}

export function searchPageToWire(page: SearchPage): WireSearchPage {
  return { hits: page.hits.map(hitToWire), next_cursor: page.nextCursor };
}

export function searchPageFromWire(wire: WireSearchPage): SearchPage {
  return { hits: wire.hits.map(hitFromWire), nextCursor: wire.next_cursor };
}

function hitToWire({ message, scopeLabel, ...hit }: SearchHit): WireSearchHit {
  return { ...hit, scope_label: scopeLabel, message: messageToWire(message) };
}

function hitFromWire({ message, scope_label: scopeLabel, ...hit }: WireSearchHit): SearchHit {
  return { ...hit, scopeLabel, message: messageFromWire(message) };
}
