import { useEffect } from "react";

import type { Lex } from "../markdown/lexer.ts";
import { lexer, loadLexer } from "../markdown/load-lexer.ts";
import { useSnapshot } from "./useSnapshot.ts";

/** The Markdown lexer, loaded with the first component that needs it; `null` until then. */
export function useLexer(): Lex | null {
  const lex = useSnapshot(lexer);
  useEffect(() => {
    // Without a network the text stays as it is written, and the next answer tries again.
    loadLexer().catch(() => undefined);
  }, []);
  return lex;
}
