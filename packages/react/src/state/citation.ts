import type { Citation } from "@chatkeep/protocol";

/** Where a citation stands, for people: chapter › section, or the path when the chapter has no name. */
export function placeOf(citation: Citation): string {
  const { title, chapter } = headingsOf(citation);
  return chapter === null ? title : `${chapter} › ${title}`;
}

/** The nearest heading above a citation, and the chapter that this stands in; `null` when it is the chapter's own. */
export function headingsOf(citation: Citation): { readonly title: string; readonly chapter: string | null } {
  const chapter = citation.chapter === "" ? citation.path : citation.chapter;
  const { section } = citation;
  return section === null || section === "" || section === chapter
    ? { title: chapter, chapter: null }
    : { title: section, chapter };
}
