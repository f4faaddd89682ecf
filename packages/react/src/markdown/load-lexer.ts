import { once } from "../state/once.ts";
import { type Readable, createValue } from "../state/snapshot.ts";
import type { Lex } from "./lexer.ts";
import type * as Rendering from "./rendering.ts";

/** What shows Markdown. */
interface Reader {
  readonly lex: Lex;
  readonly MarkdownBlocks: typeof Rendering.MarkdownBlocks;
}

const loaded = createValue<Reader | null>(null);

/** The Markdown lexer and what shows its blocks; `null` until they are loaded. */
export const reader: Readable<Reader | null> = loaded;

/**
 * Loads the Markdown lexer and what shows its blocks, which a conversation without a message does not need. Rejects when
 * they cannot be loaded; the next call tries again.
 */
export const loadLexer: () => Promise<Lex> = once(async () => {
  const [{ createLex }, { EXTENSIONS, MarkdownBlocks }] = await Promise.all([
    import("./lexer.ts"),
    import("./rendering.ts"),
  ]);
  const lex = createLex(EXTENSIONS);
  loaded.set({ lex, MarkdownBlocks });
  return lex;
});
