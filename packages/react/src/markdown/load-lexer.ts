import { once } from "../state/once.ts";
import { type Readable, createValue } from "../state/snapshot.ts";
import type { Lex } from "./lexer.ts";

const loaded = createValue<Lex | null>(null);

/** The lexer; `null` until it is loaded. */
export const lexer: Readable<Lex | null> = loaded;

/**
 * Loads the Markdown lexer, 15 KB that a conversation without a message does not need. Rejects when it cannot be
 * loaded; the next call tries again.
 */
export const loadLexer: () => Promise<Lex> = once(async () => {
  const [{ createLex }, { EXTENSIONS }] = await Promise.all([
    import("./lexer.ts"),
    import("./extensions.ts"),
  ]);
  const lex = createLex(EXTENSIONS);
  loaded.set(lex);
  return lex;
});
