import { type Readable, createValue } from "../state/snapshot.ts";
import type { Lex } from "./lexer.ts";

const loaded = createValue<Lex | null>(null);
let loading: Promise<Lex> | undefined;

/** The lexer; `null` until it is loaded. */
export const lexer: Readable<Lex | null> = loaded;

/**
 * Loads the Markdown lexer, 15 KB that a conversation without an answer does not need. Rejects when it cannot be
 * loaded; the next call tries again.
 */
export function loadLexer(): Promise<Lex> {
  loading ??= import("./lexer.ts").then(({ lex }) => {
    loaded.set(lex);
    return lex;
  });
  loading.catch(() => (loading = undefined));
  return loading;
}
