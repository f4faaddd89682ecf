import type { FoundPassage } from "@chatkeep/core";
import type { ResponderRequest } from "@chatkeep/protocol";

import { type Docs, documentUrl } from "../docs.ts";
import { type Reading, defines } from "./question.ts";
import { cutUnits } from "./quote.ts";

/** The minimum score of the best passage. Below it the docs have no answer. */
const ENOUGH = 0.17;
/** The minimum score of a certain answer. On the guide, nine of ten best passages have 0.26 or more. */
const SURE = 0.23;
/** The minimum share of the best score for a further passage. */
const NEAR = 0.8;
/** Maximum passages that an answer quotes. */
const MOST = 3;

/** The passages found for a question. */
export interface Finding {
  /** Best first, at most three; none when the docs have no answer. */
  readonly passages: readonly FoundPassage[];
  /** All matches, best first. */
  readonly candidates: readonly FoundPassage[];
  /** Whether the best passage is likely to be an answer. */
  readonly sure: boolean;
}

/** Finds the passages that answer a question. The document that the conversation is about ranks first among equals. */
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

/** Puts the passages of a section next to each other, in their order, at the place of the best one. */
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

/** The factor for a passage that defines the question's subject. */
const DEFINING = 1.5;

/** The passages, best first. Where some define the question's subject ("A scope is …"), only those. */
function weighed(passages: readonly FoundPassage[], reading: Reading): FoundPassage[] {
  const defining = passages.filter((passage) =>
    cutUnits(passage.text).some((unit) => defines(unit.text, reading)),
  );
  if (defining.length === 0) return [...passages];
  return defining.map((passage) => ({ ...passage, score: Math.min(1, passage.score * DEFINING) }));
}

/** The sections already quoted in this conversation. */
function quotedBefore(history: ResponderRequest["history"]): Set<string> {
  return new Set(history.flatMap((message) => message.citations ?? []).map((citation) => citation.url ?? ""));
}

function placeOf(passage: FoundPassage): string {
  return documentUrl(passage.path, passage.anchor);
}
