import { otherForms } from "./irregular.ts";
import { queryTerms } from "./query.ts";

/** Maximum words of a question to messages: each costs an index lookup. */
const MOST_TERMS = 24;
/** Maximum words of a question to docs: each that they do not know is compared with many that they do. */
const MOST_DOCS_TERMS = 64;

/** Question words, as stored. They carry no topic. */
const ASKING = new Set(
  `a about am an and any are as at be been but by can could did do does dont for from had has have he her
  hers him his how i if im in is isnt it its just me my of on or our please she should so some tell than
  that the their them then there these they this those to us was we were what whats when where which while
  who whom whose why will with would you your`.split(/\s+/),
);

/**
 * The words of a question that recall looks up, each once and as a `tsquery` with its other forms, without question words
 * unless there are no others.
 */
export function recallTerms(question: string): string[] {
  const terms = [...new Set(queryTerms(question))];
  const telling = terms.filter((term) => !ASKING.has(term));
  const asked = new Set<string>();
  return (telling.length > 0 ? telling : terms).slice(0, MOST_TERMS).flatMap((term) => {
    if (asked.has(term)) return [];
    const forms = [term, ...otherForms(term)];
    for (const form of forms) asked.add(form);
    return [forms.join(" | ")];
  });
}

/** The words of a question, or of its background, that docs are searched for, each once. */
export function docsTerms(text: string): string[] {
  return [...new Set(queryTerms(text))].slice(0, MOST_DOCS_TERMS);
}
