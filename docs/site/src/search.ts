/** What a word weighs in the search. */
interface Weight {
  readonly title: number;
  readonly text: number;
}

/**
 * The weights of a page's words: the guide comes first, the decisions last. Undefined for the guide: there a word weighs
 * 1, and 7 in a title.
 */
export function weightOf(id: string): Weight | undefined {
  if (id.startsWith("decisions/")) return { title: 0.3, text: 0.1 };
  if (/^(reference|http)\//.test(id)) return { title: 1, text: 0.2 };
  return undefined;
}
