import type { Snippet, Stretch } from "@chatkeep/protocol";

import { wordsOf } from "./words.ts";

/** UTF-16 units of a snippet: two lines of a list. */
const LENGTH = 200;
/** UTF-16 units before the first match. */
const BEFORE = 60;

/**
 * Cuts the excerpt of a content with the most matches. `places` are word positions from 1, as the index returns them.
 */
export function snippetOf(content: string, places: readonly number[]): Snippet {
  const found = marksOf(content, places);
  const from = densest(found);
  const start = backToSpace(content, Math.max(0, from - BEFORE), from);
  const end = whole(content, Math.min(content.length, start + LENGTH));
  const marks = found
    .filter((mark) => mark.start >= start && mark.end <= end)
    .map((mark) => ({ start: mark.start - start, end: mark.end - start }));
  return { text: content.slice(start, end), start, marks };
}

/** The ranges of the words at these positions, from 1. */
export function marksOf(text: string, places: readonly number[]): Stretch[] {
  const words = wordsOf(text);
  return joined(
    places.flatMap((place) => {
      const word = words[place - 1];
      return word === undefined ? [] : [{ start: word.start, end: word.end }];
    }),
  );
}

/** Merges overlapping ranges, such as those of character pairs. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  const all: Stretch[] = [];
  for (const stretch of stretches.toSorted((a, b) => a.start - b.start)) {
    const last = all.at(-1);
    if (last !== undefined && stretch.start < last.end) {
      all[all.length - 1] = { start: last.start, end: Math.max(last.end, stretch.end) };
    } else all.push(stretch);
  }
  return all;
}

/** The start of the excerpt with the most matches. */
function densest(found: readonly Stretch[]): number {
  let best = found[0]?.start ?? 0;
  let most = 0;
  for (const { start } of found) {
    const held = found.filter((mark) => mark.start >= start && mark.end <= start + LENGTH - BEFORE).length;
    if (held <= most) continue;
    most = held;
    best = start;
  }
  return best;
}

/** The start of a word at or after `at`, but not after `least`. */
function backToSpace(content: string, at: number, least: number): number {
  if (at === 0) return 0;
  const space = content.slice(at, least).search(/\s\S/u);
  return whole(content, space === -1 ? at : at + space + 1);
}

/** Moves an offset out of a surrogate pair. */
function whole(content: string, at: number): number {
  return /[\ud800-\udbff]/.test(content.charAt(at - 1)) && /[\udc00-\udfff]/.test(content.charAt(at))
    ? at - 1
    : at;
}
