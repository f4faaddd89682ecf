import { ChatkeepError } from "@chatkeep/protocol";

import { wordsOf } from "./words.ts";

/** Maximum words of a query: each costs an index lookup. */
const MOST_WORDS = 32;
const PIECES = /(-?)(?:"([^"]*)"?|([^\s"]+))/gu;

/**
 * Converts a person's query to a `tsquery`: every word, `"phrases"`, `prefix*`, `-not`. Only letters and digits of the
 * given text reach PostgreSQL. Errors: `invalid_request` for a query without a word.
 */
export function searchQueryOf(text: string): string {
  const wanted: string[] = [];
  const unwanted: string[] = [];
  let left = MOST_WORDS;
  for (const [, sign, phrase, word = ""] of text.matchAll(PIECES)) {
    const source = phrase ?? word;
    const terms = queryTerms(source).slice(0, left);
    left -= terms.length;
    if (terms.length === 0) continue;
    const open = phrase === undefined && word.endsWith("*");
    const query = terms
      .map((term, index) => (open && index === terms.length - 1 ? beginning(term) : term))
      .join(" <-> ");
    (sign === "-" ? unwanted : wanted).push(terms.length > 1 ? `(${query})` : query);
  }
  if (wanted.length === 0) {
    throw new ChatkeepError("invalid_request", "Name a word to look for.", { pointer: "q" });
  }
  return [...wanted, ...unwanted.map((query) => `!${query}`)].join(" & ");
}

/** The words of a query. A single character of a script without spaces matches as the start of a pair or the end of a run. */
export function queryTerms(text: string): string[] {
  return wordsOf(text).flatMap(({ form: term, run }) => {
    if (run === "last") return [];
    return run === "alone" ? [`${term}:*`] : [term];
  });
}

/** Words are stored stemmed (connection as connect), so a prefix may be longer than the stored word. */
function beginning(term: string): string {
  if (term.endsWith(":*")) return term;
  const shorter = [1, 2, 3].map((count) => term.slice(0, -count)).filter((part) => part.length >= 4);
  return /^[a-z]+$/.test(term) ? `(${[`${term}:*`, ...shorter].join(" | ")})` : `${term}:*`;
}
