import type { FoundPassage } from "@chatkeep/core";
import type { ResponderRequest } from "@chatkeep/protocol";

import { type Book, bookUrl } from "../book.ts";
import type { Reading } from "./question.ts";

/** The least score with which the best passage is taken for an answer. */
const ENOUGH = 0.3;
/** How much less than the best a further passage may score. */
const NEAR = 0.7;
/** How many passages an answer quotes at most. */
const MOST = 3;

/**
 * The passages that answer a question, best first, at most three; none when the book has no answer. Those of
 * the chapter that the conversation is about come before equally good ones.
 */
export async function findPassages(
  book: Book,
  reading: Reading,
  { conversation, history }: Pick<ResponderRequest, "conversation" | "history">,
): Promise<FoundPassage[]> {
  const found = await book.search({
    question: reading.question,
    background: reading.background,
    scope: conversation.scope,
    limit: 12,
  });
  const told = reading.kind === "more" ? quotedBefore(history) : new Set<string>();
  const fresh = found.filter((passage) => !told.has(placeOf(passage)));
  const best = fresh[0]?.score ?? 0;
  if (best < ENOUGH) return [];
  return fresh.filter((passage) => passage.score >= Math.max(ENOUGH, best * NEAR)).slice(0, MOST);
}

/** The sections that the last answer quoted. */
function quotedBefore(history: ResponderRequest["history"]): Set<string> {
  const citations = history.findLast((message) => message.citations !== null)?.citations ?? [];
  return new Set(citations.map((citation) => citation.url ?? ""));
}

function placeOf(passage: FoundPassage): string {
  return bookUrl(passage.path, passage.anchor);
}
