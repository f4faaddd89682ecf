import type { DocsStore } from "@chatkeep/core";

import { type Document, readDocument } from "./document.ts";
import { cutPassages } from "./passages.ts";

/** The place of a citation. */
export interface CitedPlace {
  /** The file within the docs. */
  readonly path: string;
  /** The cited words. */
  readonly quote: string;
}

/** The passage of a citation. */
export interface OpenedCitation {
  /** `current`: the docs hold the quote; `changed`: a version until `changedAt` held it; `unknown`: no version holds it. */
  readonly status: "current" | "changed" | "unknown";
  /** When the version with the quote was replaced: ISO 8601; `null` when it is current or unknown. */
  readonly changedAt: string | null;
  /** Whether the document still exists. */
  readonly present: boolean;
  /** The document's title in the version with the quote. */
  readonly document: string | null;
  /** The passage that holds the quote, as Markdown; `null` when unknown. */
  readonly passage: string | null;
  readonly quote: string;
}

/** Finds a citation's passage in the document, else in its latest previous version with the quote. */
export async function openCitation(
  store: DocsStore,
  name: string,
  { path, quote }: CitedPlace,
): Promise<OpenedCitation> {
  const current = await store.document(name, path);
  const held = current === null ? undefined : holding(readDocument(path, current.source), quote);
  const present = current !== null;
  if (current !== null && held !== undefined) {
    return { status: "current", changedAt: null, present, document: current.title, passage: held, quote };
  }
  for (const { title, source, replacedAt } of await store.versions(name, path)) {
    const passage = holding(readDocument(path, source), quote);
    if (passage === undefined) continue;
    return { status: "changed", changedAt: replacedAt, present, document: title, passage, quote };
  }
  return {
    status: "unknown",
    changedAt: null,
    present,
    document: current?.title ?? null,
    passage: null,
    quote,
  };
}

/** The passage that holds a quote. A quote may cross two passages, because edits above move their borders. */
function holding(document: Document, quote: string): string | undefined {
  const wanted = plain(quote);
  const passages = cutPassages(document).map(({ text }) => text);
  const whole = passages.find((text) => plain(text).includes(wanted));
  if (whole !== undefined || wanted === "") return whole;
  return passages
    .map((text, index) => `${text}\n\n${passages[index + 1] ?? ""}`.trim())
    .find((text) => plain(text).includes(wanted));
}

function plain(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
