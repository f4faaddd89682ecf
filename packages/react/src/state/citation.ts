import type { Citation } from "@chatkeep/protocol";

/** Where a citation stands, for people: chapter › section, or the path when the chapter has no name. */
export function placeOf(citation: Citation): string {
  const chapter = citation.chapter === "" ? citation.path : citation.chapter;
  const { section } = citation;
  return section === null || section === "" || section === chapter ? chapter : `${chapter} › ${section}`;
}
