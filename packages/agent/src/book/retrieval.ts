import type { FoundPassage } from "@chatkeep/core";
import type { ResponderRequest } from "@chatkeep/protocol";

import { type Book, bookUrl } from "../book.ts";
import type { Reading } from "./question.ts";

/** Below this score of the best passage the book has no answer. */
const ENOUGH = 0.2;
/** Below this it may not be one. Measured on the guide: an answer's best passage has 0.33 and more, but for one in ten. */
const SURE = 0.3;
/** How much less than the best a further passage may score. */
const NEAR = 0.7;
/** How many passages an answer quotes at most. */
const MOST = 3;

/** What was found for a question. */
export interface Finding {
  /** Best first, at most three; none when the book has no answer. */
  readonly passages: readonly FoundPassage[];
  /** Whether the best is likely to be an answer, and not only about the same thing. */
  readonly sure: boolean;
}

/**
 * The passages that answer a question. Those of the chapter that the conversation is about come before
 * equally good ones.
 */
export async function findPassages(
  book: Book,
  reading: Reading,
  { conversation, history }: Pick<ResponderRequest, "conversation" | "history">,
): Promise<Finding> {
  const found = await book.search({
    question: reading.question,
    background: reading.background,
    scope: conversation.scope,
    limit: 12,
  });
  const told = reading.kind === "more" ? quotedBefore(history) : new Set<string>();
  const fresh = found.filter((passage) => !told.has(placeOf(passage)));
  const best = fresh[0]?.score ?? 0;
  if (best < ENOUGH) return { passages: [], sure: true };
  if (best < SURE) return { passages: fresh.slice(0, 1), sure: false };
  const near = fresh.filter((passage) => passage.score >= Math.max(SURE, best * NEAR));
  return { passages: near.slice(0, MOST), sure: true };
}

/** The sections that the last answer quoted. */
function quotedBefore(history: ResponderRequest["history"]): Set<string> {
  const citations = history.findLast((message) => message.citations !== null)?.citations ?? [];
  return new Set(citations.map((citation) => citation.url ?? ""));
}

function placeOf(passage: FoundPassage): string {
  return bookUrl(passage.path, passage.anchor);
}
