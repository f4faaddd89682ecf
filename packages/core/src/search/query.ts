import { ChatkeepError } from "@chatkeep/protocol";

import { wordsOf } from "./words.ts";

/** Words of a query that count: each costs a look into the index. */
const MOST_WORDS = 32;
const PIECES = /(-?)(?:"([^"]*)"?|([^\s"]+))/gu;

/**
 * A query of a person as PostgreSQL reads it (`to_tsquery`): every word, `"phrases"`, `begin*`, `-not`. Nothing of
 * the given text reaches it but letters and digits. Errors: `invalid_request` when there is no word to look for.
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

/** The words of a text as a query looks for them: a single character of a run without spaces begins a pair or ends a run. */
export function queryTerms(text: string): string[] {
  return wordsOf(text).flatMap(({ form: term, run }) => {
    if (run === "last") return [];
    return run === "alone" ? [`${term}:*`] : [term];
  });
}

/** Words are stored folded (connection as connect), so a beginning may be longer than what is stored. */
function beginning(term: string): string {
  if (term.endsWith(":*")) return term;
  const shorter = [1, 2, 3].map((count) => term.slice(0, -count)).filter((part) => part.length >= 4);
  return /^[a-z]+$/.test(term) ? `(${[`${term}:*`, ...shorter].join(" | ")})` : `${term}:*`;
}
