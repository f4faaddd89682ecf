import type { Lex } from "./lexer.ts";

let loaded: Lex | null = null;
let loading: Promise<Lex> | undefined;
const listeners = new Set<() => void>();

/** The lexer; `null` until it was loaded. */
export function loadedLexer(): Lex | null {
  return loaded;
}

/**
 * Loads what reads Markdown, 15 KB that a conversation without an answer does not need. Rejects when it cannot be
 * loaded; the next call tries again.
 */
export function loadLexer(): Promise<Lex> {
  loading ??= import("./lexer.ts").then(({ lex }) => {
    loaded = lex;
    for (const listener of listeners) listener();
    return lex;
  });
  loading.catch(() => (loading = undefined));
  return loading;
}

/** Calls `listener` once the lexer is loaded; gives the function that ends it. */
export function onLexerLoaded(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
