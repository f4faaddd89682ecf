import type { Citation, ResponderEvent } from "@chatkeep/protocol";

/** Reads the citation markers of a streamed text. */
export interface CitationReader {
  /** Returns the text, with each citation before the first marker that names its source. */
  push(text: string): ResponderEvent[];
  /** Returns the held back rest, and the number of markers without a source. */
  end(): ResponderEvent[];
}

/** The beginning of a possible marker: at most `[12, 3`. */
const OPEN = /\s?\[[\d,\s]{0,12}$/;
const MARKER = /(\s?)\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]/g;

/**
 * Checks a model's markers against its sources, which are numbered from 1. Renumbers them in the order of the text.
 * Removes a marker without a source and counts it in the `data` part `dropped_citations`. The first `cited` sources are
 * cited already, in this order.
 */
export function createCitationReader(sources: readonly Citation[], cited = 0): CitationReader {
  const numbers = new Map<number, number>(
    Array.from({ length: cited }, (_, index) => [index + 1, index + 1]),
  );
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
