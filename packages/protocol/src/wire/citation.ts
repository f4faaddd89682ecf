import type { Citation } from "../citation.ts";
import type { Json } from "../json.ts";

/** Reads a citation, filling in what is missing; anything but an object gives an empty one. */
export function citationFromWire(value: Json): Citation {
  const object = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  const text = (key: string): string | null => {
    const field = object[key];
    return typeof field === "string" ? field : null;
  };
  const score = object["score"];
  return {
    path: text("path") ?? "",
    chapter: text("chapter") ?? "",
    section: text("section"),
    anchor: text("anchor"),
    quote: text("quote"),
    score: typeof score === "number" ? score : null,
    url: text("url"),
  };
}
