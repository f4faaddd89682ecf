import type { Citation, ResponderEvent } from "@chatkeep/protocol";

/** Reads the markers of a text that comes in pieces. */
export interface CitationReader {
  /** What a piece says: text, and a citation before the first marker that names its source. */
  push(text: string): ResponderEvent[];
  /** What was kept back at the end, and how many markers named a source that was never given. */
  end(): ResponderEvent[];
}

/** What may still become a marker: at most `[12, 3`. */
const OPEN = /\s?\[[\d,\s]{0,12}$/;
const MARKER = /(\s?)\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]/g;

/**
 * Checks a model's citations against the sources it was given, numbered from 1. The markers are numbered anew in
 * the order in which they come, as those of the docs' own answers are; one that names no source is taken out of the
 * text and counted (`data` part `dropped_citations`).
 */
export function createCitationReader(sources: readonly Citation[]): CitationReader {
  const numbers = new Map<number, number>();
  let kept = "";
  let dropped = 0;

  const read = (text: string): ResponderEvent[] => {
    const events: ResponderEvent[] = [];
    const replaced = text.replaceAll(MARKER, (_, space: string, list: string) => {
      const marks = list.split(",").flatMap((item) => {
        const source = Number(item);
        const citation = sources[source - 1];
        if (citation === undefined) {
          dropped += 1;
          return [];
        }
        const known = numbers.get(source);
        if (known !== undefined) return [`[${known}]`];
        numbers.set(source, numbers.size + 1);
        events.push({ type: "citation", citation });
        return [`[${numbers.size}]`];
      });
      return marks.length === 0 ? "" : space + marks.join("");
    });
    if (replaced !== "") events.push({ type: "text", text: replaced });
    return events;
  };

  return {
    push(text) {
      const all = kept + text;
      const open = OPEN.exec(all)?.index ?? all.length;
      kept = all.slice(open);
      return read(all.slice(0, open));
    },
    end() {
      const last = read(kept);
      kept = "";
      if (dropped === 0) return last;
      const told: ResponderEvent = { type: "data", name: "dropped_citations", data: dropped };
      dropped = 0;
      return [...last, told];
    },
  };
}
