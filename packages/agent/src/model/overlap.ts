/** Removes from a text's continuation what repeats the text; see {@link createOverlapCutter}. */
export interface OverlapCutter {
  /** Returns what is new; `""` while a repetition is possible. */
  push(piece: string): string;
  /** Returns the held back rest. */
  end(): string;
}

/** Minimum characters of a repetition. Shorter ones are common in any text: "the ", "00", "---". */
export const LEAST = 16;
/** Characters at the end of the text in which a repetition may begin. */
const WINDOW = 4096;
/** Maximum characters of the anchor. */
const ANCHOR = 80;

/** The last words of a text, which its continuation is asked to begin with. */
export function anchorOf(text: string): string {
  const end = text.trimEnd().slice(-ANCHOR);
  const word = end.length < ANCHOR ? 0 : end.search(/(?<=\s)\S/u);
  return word < 0 || end.length - word < LEAST ? end : end.slice(word);
}

/**
 * Reads the continuation of `text` in pieces. `asked`: the model was asked to begin with the anchor, so a repeated end of
 * the text is looked for, the anchor first. Else only a repetition of the whole text is: a model that truly goes on may
 * begin with what the text ends with, as in the rows of a table.
 *
 * White space at the end of the text was not given to the model, so it is not doubled either. Holds back at most as much
 * as the text is long.
 */
export function createOverlapCutter(text: string, asked: boolean): OverlapCutter {
  const words = text.trimEnd();
  const space = text.slice(words.length);
  /** Where in `words` the repetition may begin, the most likely first. */
  let starts = asked ? startsOf(words) : [0];
  let held = "";
  let isFound = false;
  let isOver = false;

  /** Removes the white space that is shown already, once enough is there to tell. */
  const afterSpace = (isLast: boolean): string => {
    const own = held.slice(0, held.length - held.trimStart().length);
    if (own.length === held.length && own.length < space.length && !isLast) return "";
    isOver = true;
    const rest = own.startsWith(space) ? held.slice(space.length) : undefined;
    return rest ?? (space.startsWith(own) ? held.slice(own.length) : held);
  };
  const cut = (length: number): void => {
    isFound = true;
    held = held.slice(length);
  };

  return {
    push(piece) {
      if (isOver) return piece;
      const from = held.length;
      held += piece;
      if (!isFound) {
        starts = starts.filter((start) => {
          const left = words.length - start - from;
          return left <= 0 || words.startsWith(piece.slice(0, left), start + from);
        });
        const [first] = starts;
        if (first !== undefined && words.length - first > held.length) return "";
        cut(first === undefined ? 0 : words.length - first);
      }
      return afterSpace(false);
    },
    end() {
      if (isOver) return "";
      if (!isFound) {
        // Whoever began anew and ended early said nothing new.
        const isAnew = starts.includes(0) && held.length >= LEAST;
        const whole = starts.find((start) => words.length - start <= held.length);
        cut(isAnew ? held.length : whole === undefined ? 0 : words.length - whole);
      }
      return afterSpace(true);
    },
  };
}

function startsOf(words: string): number[] {
  const anchor = words.length - anchorOf(words).length;
  const first = Math.max(0, words.length - WINDOW);
  const count = Math.max(0, words.length - LEAST - first + 1);
  return [...new Set([anchor, 0, ...Array.from({ length: count }, (_, index) => first + index)])];
}
