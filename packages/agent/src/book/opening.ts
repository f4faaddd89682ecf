import type { BookStore } from "@chatkeep/core";

import { type Chapter, readChapter } from "./chapter.ts";
import { cutPassages } from "./passages.ts";

/** What is known of a citation. */
export interface CitedPlace {
  /** The file within the book. */
  readonly path: string;
  /** The words that were cited. */
  readonly quote: string;
}

/** A citation, opened. */
export interface OpenedCitation {
  /** `current`: the book says so still; `changed`: it did until `changedAt`; `unknown`: no version of it is known to. */
  readonly status: "current" | "changed" | "unknown";
  /** ISO 8601, of the version that holds the quote; `null` when it is the current one or unknown. */
  readonly changedAt: string | null;
  /** Whether the book still has the chapter. */
  readonly present: boolean;
  /** The title of the chapter, as it was when it held the quote. */
  readonly chapter: string | null;
  /** The passage that holds the quote, as Markdown; `null` when unknown. */
  readonly passage: string | null;
  readonly quote: string;
}

/** Opens a citation, however often the book was ingested since: from the chapter, else from its latest version that holds the quote. */
export async function openCitation(
  store: BookStore,
  name: string,
  { path, quote }: CitedPlace,
): Promise<OpenedCitation> {
  const current = await store.chapter(name, path);
  const held = current === null ? undefined : holding(readChapter(path, current.source), quote);
  const present = current !== null;
  if (current !== null && held !== undefined) {
    return { status: "current", changedAt: null, present, chapter: current.title, passage: held, quote };
  }
  for (const { title, source, replacedAt } of await store.versions(name, path)) {
    const passage = holding(readChapter(path, source), quote);
    if (passage === undefined) continue;
    return { status: "changed", changedAt: replacedAt, present, chapter: title, passage, quote };
  }
  return {
    status: "unknown",
    changedAt: null,
    present,
    chapter: current?.title ?? null,
    passage: null,
    quote,
  };
}

/** The passage that holds a quote; a quote may go over two of them, since their borders move with what stands before. */
function holding(chapter: Chapter, quote: string): string | undefined {
  const wanted = plain(quote);
  const passages = cutPassages(chapter).map(({ text }) => text);
  const whole = passages.find((text) => plain(text).includes(wanted));
  if (whole !== undefined || wanted === "") return whole;
  return passages
    .map((text, index) => `${text}\n\n${passages[index + 1] ?? ""}`.trim())
    .find((text) => plain(text).includes(wanted));
}

function plain(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
