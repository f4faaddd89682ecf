import type { AnswerToken } from "./extensions.ts";
import type { Lex } from "./lexer.ts";

/** A top-level block of a Markdown text: the same object as long as nothing of it has changed. */
interface Block {
  /** Stable while the text grows. */
  readonly key: number;
  /** Where it begins in the text, whose line ends are `\n`. */
  readonly start: number;
  readonly token: AnswerToken;
}

/** Splits a growing text into blocks; see {@link createBlocks}. */
export type Blocks = (text: string) => readonly Block[];

/**
 * Makes a function that splits Markdown into blocks, cheaply while the text grows: what stands before the
 * last blank line between blocks cannot change by what follows, so those blocks are kept as the same objects and
 * only the rest is lexed again.
 *
 * The result equals that of lexing the whole text at once: a text that does not continue the one before, and one
 * that may define a link (`[label]: address`), which reaches backwards, are lexed from the beginning.
 */
export function createBlocks(lex: Lex): Blocks {
  let before = "";
  let blocks: readonly Block[] = [];

  return (text) => {
    const source = text.replace(/\r\n?/g, "\n");
    if (source === before && blocks.length > 0) return blocks;
    const grows = source.startsWith(before) && !source.includes("]:");
    const kept = grows ? finished(blocks, before) : [];
    let offset = blocks[kept.length]?.start ?? 0;
    if (kept.length === 0) offset = 0;

    const next: Block[] = [...kept];
    for (const token of lex(source.slice(offset))) {
      if (token.type !== "space" && token.type !== "def")
        next.push({ key: next.length, start: offset, token });
      offset += token.raw.length;
    }
    before = source;
    blocks = next;
    return blocks;
  };
}

/**
 * The blocks before the last one that begins after a blank line, unless what stands before it is a list: `* * *`
 * after one is a line across the page until a letter follows, and then its next item.
 */
function finished(blocks: readonly Block[], source: string): readonly Block[] {
  const last = blocks.findLastIndex(
    ({ start }, index) =>
      blocks[index - 1]?.token.type !== "list" &&
      BLANK_LINE.test(source.slice(Math.max(0, start - 99), start)),
  );
  return blocks.slice(0, Math.max(last, 0));
}

const BLANK_LINE = /\n[ \t]*\n[ \t]*$/;
