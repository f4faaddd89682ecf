import { once } from "../state/once.ts";
import { type Readable, createValue } from "../state/snapshot.ts";
import type { Lex } from "./lexer.ts";
import { loadLexer } from "./load-lexer.ts";
import type { MarkdownBlocks } from "./MarkdownBlocks.tsx";

/** The lexer, and the elements of its blocks. */
interface Reader {
  readonly lex: Lex;
  readonly Blocks: typeof MarkdownBlocks;
}

const loaded = createValue<Reader | null>(null);

/** The loaded lexer and elements; `null` until then. */
export const reader: Readable<Reader | null> = loaded;

/** Loads the lexer and the elements. Rejects when they cannot be loaded; the next call tries again. */
export const loadMarkdown: () => Promise<void> = once(async () => {
  const [lex, { MarkdownBlocks }] = await Promise.all([loadLexer(), import("./MarkdownBlocks.tsx")]);
  loaded.set({ lex, Blocks: MarkdownBlocks });
});
