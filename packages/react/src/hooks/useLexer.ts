import { useEffect, useSyncExternalStore } from "react";

import type { Lex } from "../markdown/lexer.ts";
import { loadLexer, loadedLexer, onLexerLoaded } from "../markdown/load-lexer.ts";

/** The Markdown lexer, which is loaded with the first component that needs it; `null` until then. */
export function useLexer(): Lex | null {
  const lex = useSyncExternalStore(onLexerLoaded, loadedLexer, loadedLexer);
  useEffect(() => {
    // Without a network the text stays as it is written, and the next answer tries again.
    loadLexer().catch(() => undefined);
  }, []);
  return lex;
}
