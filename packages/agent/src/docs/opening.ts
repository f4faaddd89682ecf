import type { DocsStore } from "@chatkeep/core";

import { type Document, readDocument } from "./document.ts";
import { cutPassages } from "./passages.ts";

/** What is known of a citation. */
export interface CitedPlace {
  /** The file within the docs. */
  readonly path: string;
  /** The words that were cited. */
  readonly quote: string;
}

/** A citation, opened. */
export interface OpenedCitation {
  /** `current`: the docs say so still; `changed`: it did until `changedAt`; `unknown`: no version of it is known to. */
  readonly status: "current" | "changed" | "unknown";
  /** ISO 8601, of the version that holds the quote; `null` when it is the current one or unknown. */
  readonly changedAt: string | null;
  /** Whether the docs still has the document. */
  readonly present: boolean;
  /** The title of the document, as it was when it held the quote. */
  readonly document: string | null;
  /** The passage that holds the quote, as Markdown; `null` when unknown. */
  readonly passage: string | null;
  readonly quote: string;
}

/** Opens a citation, however often the docs were ingested since: from the document, else from its latest version that holds the quote. */
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

/** The passage that holds a quote; a quote may go over two of them, since their borders move with what stands before. */
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
