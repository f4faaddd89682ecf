import { type Token, type Tokens, marked } from "marked";

/** A quotable piece of a passage. */
export interface Unit {
  readonly kind: "sentence" | "item" | "row" | "code";
  /** Offsets in the passage's text. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** The block of the passage that holds it, from 0. */
  readonly block: number;
  /** The table's head, for a row. */
  readonly head?: string;
}

const sentences = new Intl.Segmenter("en", { granularity: "sentence" });

/** Cuts a passage into sentences, items of lists, rows of tables and blocks of code, in order. */
export function cutUnits(passage: string): Unit[] {
  const units: Unit[] = [];
  let at = 0;
  for (const [block, token] of marked.lexer(passage).entries()) {
    const start = at;
    at += token.raw.length;
    if (token.type === "space") continue;
    units.push(...blockUnits(token, start, block));
  }
  // Where the lexer's pieces do not add up to the text, offsets are wrong.
  return units.filter((unit) => passage.slice(unit.start, unit.end) === unit.text);
}

function blockUnits(token: Token, start: number, block: number): Unit[] {
  if (token.type === "code") return [unit("code", token.raw, start, block)];
  if (token.type === "list") {
    let at = start;
    return (token as Tokens.List).items.map((item) => {
      const made = unit("item", item.raw, at, block);
      at += item.raw.length;
      return made;
    });
  }
  if (token.type === "table") return rowUnits(token.raw, start, block);
  return sentenceUnits(token.raw, start, block);
}

function rowUnits(raw: string, start: number, block: number): Unit[] {
  const lines = raw.split("\n");
  const head = lines.slice(0, 2).join("\n");
  let at = start;
  return lines.flatMap((line, index) => {
    const made = { ...unit("row", line, at, block), head };
    at += line.length + 1;
    return index < 2 || line.trim() === "" ? [] : [made];
  });
}

/** Cuts sentences. A period within code (`a. b`) ends none. */
function sentenceUnits(raw: string, start: number, block: number): Unit[] {
  const units: Unit[] = [];
  let open = "";
  let from = 0;
  for (const { segment, index } of sentences.segment(raw)) {
    if (open === "") from = index;
    open += segment;
    const inCode = (open.match(/`/g)?.length ?? 0) % 2 === 1;
    const cutShort = /\b(e\.g|i\.e|etc|vs|cf|no)\.\s*$/i.test(open);
    if (inCode || cutShort) continue;
    units.push(unit("sentence", open, start + from, block));
    open = "";
  }
  if (open !== "") units.push(unit("sentence", open, start + from, block));
  return units;
}

function unit(kind: Unit["kind"], raw: string, at: number, block: number): Unit {
  const text = raw.trim();
  const start = at + raw.length - raw.trimStart().length;
  return { kind, start, end: start + text.length, text, block };
}

/** A quote from a passage. */
export interface Quote {
  /** Verbatim from the passage. */
  readonly text: string;
  /** The quote as Markdown to show, with a row's table head. */
  readonly markdown: string;
}

/** Maximum characters of a quote, unless a single unit is longer. */
const LONGEST = 480;

export interface QuoteOptions {
  readonly passage: string;
  readonly units: readonly Unit[];
  /** Each unit's share of the question, 0 to 1. */
  readonly scores: readonly number[];
  /** The first unit; `undefined`: chosen by the scores. */
  readonly first: number | undefined;
  /** Maximum units. */
  readonly most: number;
}

/**
 * Chooses the best quote: consecutive units, verbatim. It begins with the `first` unit if given. Otherwise it holds most
 * of the question, or is the beginning when no unit holds any. A unit that ends in a colon includes what it introduces.
 */
export function chooseQuote(options: QuoteOptions): Quote {
  const { passage, units, first } = options;
  const chosen = first === undefined ? densestStretch(options) : undefined;
  const { from, to } = chosen ?? stretchFrom(first ?? 0, options);
  return quoteOf(passage, units, from, withIntroduced(units, to));
}

/** Sentences go on from one another; items and rows do not. */
function stretchFrom(from: number, { units, most }: QuoteOptions): { from: number; to: number } {
  let to = from + 1;
  while (
    units[from]?.kind === "sentence" &&
    to < Math.min(units.length, from + most) &&
    fits(units, from, to + 1)
  )
    to++;
  return { from, to };
}

function densestStretch({ units, scores, most }: QuoteOptions): { from: number; to: number } | undefined {
  let best: { from: number; to: number } | undefined;
  let bestValue = 0;
  for (let from = 0; from < units.length; from++) {
    let value = 0;
    for (let to = from + 1; to <= Math.min(units.length, from + most) && fits(units, from, to); to++) {
      // Each further unit has to bring its share of the question, else the quote only grows longer; a row more
      // than a sentence, for rows do not go on from one another.
      const cost = to === from + 1 ? 0 : units[from]?.kind === "row" ? 0.5 : 0.2;
      value += (scores[to - 1] ?? 0) - cost;
      if (value <= bestValue) continue;
      bestValue = value;
      best = { from, to };
    }
  }
  return best;
}

/** Whether units may be quoted as one: of one block, or introduced by the one before, and not too long. */
function fits(units: readonly Unit[], from: number, to: number): boolean {
  const [first, before, last] = [units[from], units[to - 2], units[to - 1]];
  if (first === undefined || last === undefined) return false;
  if (to === from + 1) return true;
  if (before?.block !== last.block && before?.text.endsWith(":") !== true) return false;
  return last.end - first.start <= LONGEST;
}

function withIntroduced(units: readonly Unit[], to: number): number {
  const [last, next] = [units[to - 1], units[to]];
  if (last === undefined || next === undefined || !last.text.endsWith(":")) return to;
  let end = to + 1;
  const room = last.start + LONGEST;
  while ((units[end]?.block ?? -1) === next.block && (units[end]?.end ?? 0) <= room) end++;
  return end;
}

function quoteOf(passage: string, units: readonly Unit[], from: number, to: number): Quote {
  const [first, last] = [units[from], units[to - 1]];
  if (first === undefined || last === undefined) return { text: passage, markdown: passage };
  const whole = passage.slice(first.start, last.end);
  const text = first === last && first.kind === "item" ? whole.replace(/^(?:[-*+]|\d+[.)])\s+/, "") : whole;
  const head = first.kind === "row" ? `${first.head ?? ""}\n` : "";
  return { text, markdown: head + text };
}
