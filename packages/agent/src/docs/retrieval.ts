import type { FoundPassage } from "@chatkeep/core";
import type { ResponderRequest } from "@chatkeep/protocol";

import { type Docs, documentUrl } from "../docs.ts";
import { type Reading, defines } from "./question.ts";
import { cutUnits } from "./quote.ts";

/** Below this score of the best passage the docs have no answer. */
const ENOUGH = 0.16;
/** Below this it may not be one. Measured on the guide: an answer's best passage has 0.26 and more, but for one in ten. */
const SURE = 0.23;
/** How much less than the best a further passage may score. */
const NEAR = 0.8;
/** How many passages an answer quotes at most. */
const MOST = 3;

/** What was found for a question. */
export interface Finding {
  /** Best first, at most three; none when the docs have no answer. */
  readonly passages: readonly FoundPassage[];
  /** All that was found, best first. */
  readonly candidates: readonly FoundPassage[];
  /** Whether the best is likely to be an answer, and not only about the same thing. */
  readonly sure: boolean;
}

/**
 * The passages that answer a question. Those of the document that the conversation is about come before
 * equally good ones.
 */
export async function findPassages(
  docs: Docs,
  reading: Reading,
  { conversation, history }: Pick<ResponderRequest, "conversation" | "history">,
): Promise<Finding> {
  const found = await docs.search({
    question: reading.question,
    background: reading.background,
    scope: conversation.scope,
    limit: 12,
  });
  const told = reading.kind === "more" ? quotedBefore(history) : new Set<string>();
  const fresh = weighed(
    found.filter((passage) => !told.has(placeOf(passage))),
    reading,
  );
  const best = fresh[0]?.score ?? 0;
  if (best < ENOUGH) return { passages: [], candidates: found, sure: true };
  if (best < SURE) return { passages: fresh.slice(0, 1), candidates: found, sure: false };
  const near = fresh.filter((passage) => passage.score >= Math.max(SURE, best * NEAR));
  return { passages: inReadingOrder(near.slice(0, MOST)), candidates: found, sure: true };
}

/** Pieces of one section in their order, in the places that the section has by its best one. */
function inReadingOrder(passages: readonly FoundPassage[]): FoundPassage[] {
  const sections = new Map<string, FoundPassage[]>();
  for (const passage of passages) {
    const place = placeOf(passage);
    sections.set(
      place,
      [...(sections.get(place) ?? []), passage].sort((a, b) => a.position - b.position),
    );
  }
  return [...sections.values()].flat();
}

/** How much more a passage counts that says what the question asks for. */
const DEFINING = 1.5;

/** The passages best first; where some say what is asked for ("A scope is …"), only those. */
function weighed(passages: readonly FoundPassage[], reading: Reading): FoundPassage[] {
  const defining = passages.filter((passage) =>
    cutUnits(passage.text).some((unit) => defines(unit.text, reading)),
  );
  if (defining.length === 0) return [...passages];
  return defining.map((passage) => ({ ...passage, score: Math.min(1, passage.score * DEFINING) }));
}

/** The sections that were quoted in this conversation. */
function quotedBefore(history: ResponderRequest["history"]): Set<string> {
  return new Set(history.flatMap((message) => message.citations ?? []).map((citation) => citation.url ?? ""));
}

function placeOf(passage: FoundPassage): string {
  return documentUrl(passage.path, passage.anchor);
}
