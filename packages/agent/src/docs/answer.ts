import type { FoundPassage } from "@chatkeep/core";
import type { Citation } from "@chatkeep/protocol";

import { type Docs, documentUrl } from "../docs.ts";
import type { Choice } from "./choice.ts";
import { type Reading, defines } from "./question.ts";
import { type Unit, chooseQuote, cutUnits } from "./quote.ts";
import type { Finding } from "./retrieval.ts";

/** An answer with its citations. */
export interface DocsAnswer {
  /** In the order of their markers: the first is `[1]`. */
  readonly citations: readonly Citation[];
  /** Markdown. */
  readonly text: string;
  /** The numbered places that the answer asks about. The next question can name one by its number. */
  readonly choices?: readonly Choice[];
}

/** Maximum quoted units of the first passage and of each further one. */
const UNITS = [4, 2];

/** Quotes the passages: a sentence that names their documents, then each as a block with its marker. */
export async function quotePassages(
  docs: Docs,
  reading: Reading,
  { passages, sure }: Finding,
): Promise<DocsAnswer> {
  const cut = passages.map((passage) => cutUnits(passage.text));
  const texts = passages.flatMap((passage, index) => [
    passage.section ?? passage.title,
    ...(cut[index] ?? []).map((unit) => unit.text),
  ]);
  const scores = await docs.score(reading, texts);

  let at = 0;
  const quotes = passages.map((passage, index) => {
    const units = cut[index] ?? [];
    const [headingScore = 0, ...own] = scores.slice(at, at + 1 + units.length);
    at += 1 + units.length;
    const first = firstUnit(units, headingScore, reading);
    return chooseQuote({ passage: passage.text, units, scores: own, first, most: UNITS[index] ?? 2 });
  });
  return {
    citations: passages.map((passage, index) => citationOf(passage, quotes[index]?.text)),
    text: [
      leadIn(passages, sure),
      ...quotes.map((quote, index) => blockquote(quote.markdown, `[${index + 1}]`)),
    ].join("\n\n"),
  };
}

/** The share of the question in a heading from which the text right below it is the answer. */
const NAMED = 0.6;

/** The unit that defines the question's subject, or the first below a heading that names it. */
function firstUnit(units: readonly Unit[], headingScore: number, reading: Reading): number | undefined {
  const defining = units.findIndex((unit) => defines(unit.text, reading));
  if (defining >= 0) return defining;
  return headingScore >= NAMED ? 0 : undefined;
}

/** The citation of a passage, or of a quote from it. */
export function citationOf(passage: FoundPassage, quote: string = passage.text): Citation {
  return {
    path: passage.path,
    chapter: passage.title,
    section: passage.section,
    anchor: passage.anchor,
    quote,
    score: passage.score,
    url: documentUrl(passage.path, passage.anchor),
  };
}

function leadIn(passages: readonly FoundPassage[], sure: boolean): string {
  const [first] = passages;
  if (first === undefined) return "";
  const documents = listOf([...new Set(passages.map((passage) => `“${passage.title}”`))]);
  if (!sure) return `I am not sure that the docs answer this. The nearest is in ${documents}:`;
  if (passages.length > 1 || first.section === null) return `The docs say, in ${documents}:`;
  return `The docs say, in ${documents} under “${first.section}”:`;
}

/** The marker follows the last sentence. After a table, list or code it gets its own line. */
function blockquote(markdown: string, marker: string): string {
  const last = markdown.split("\n").at(-1) ?? "";
  const apart = /^(\||```|~~~|\s*([-*]|\d+\.)\s)/.test(last);
  return `${markdown}${apart ? "\n\n" : " "}${marker}`.replaceAll(/^/gm, "> ").replaceAll(/^> $/gm, ">");
}

/** "A", "A and B", "A, B and C". */
export function listOf(items: readonly string[]): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items.at(-1) ?? ""}`;
}
