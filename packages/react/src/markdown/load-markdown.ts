import { once } from "../state/once.ts";
import { type Readable, createValue } from "../state/snapshot.ts";
import type { Lex } from "./lexer.ts";
import { loadLexer } from "./load-lexer.ts";
import type { MarkdownBlocks } from "./MarkdownBlocks.tsx";

/** What reads and shows Markdown. */
interface Reader {
  readonly lex: Lex;
  readonly Blocks: typeof MarkdownBlocks;
}

const loaded = createValue<Reader | null>(null);

/** What reads and shows Markdown; `null` until it is loaded. */
export const reader: Readable<Reader | null> = loaded;

/** Loads the lexer and what shows its blocks. Rejects when they cannot be loaded; the next call tries again. */
export const loadMarkdown: () => Promise<void> = once(async () => {
  const [lex, { MarkdownBlocks }] = await Promise.all([loadLexer(), import("./MarkdownBlocks.tsx")]);
  loaded.set({ lex, Blocks: MarkdownBlocks });
});
