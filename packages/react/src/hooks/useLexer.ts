import { useEffect } from "react";

import type { Lex } from "../markdown/lexer.ts";
import { loadLexer, reader } from "../markdown/load-lexer.ts";
import { useSnapshot } from "./useSnapshot.ts";

/** What reads and shows Markdown, loaded with the first component that needs it; `null` until then. */
export function useReader(): ReturnType<typeof reader.getSnapshot> {
  const loaded = useSnapshot(reader);
  useEffect(() => {
    // Without a network the text stays as it is written, and the next answer tries again.
    loadLexer().catch(() => undefined);
  }, []);
  return loaded;
}

/** The Markdown lexer, loaded with the first component that needs it; `null` until then. */
export function useLexer(): Lex | null {
  return useReader()?.lex ?? null;
}
