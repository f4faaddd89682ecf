import type { Citation } from "@chatkeep/protocol";
import type { ReactNode } from "react";

import { useLexer } from "../hooks/useLexer.ts";
import { plainText } from "../markdown/plain.ts";

/** The words that a citation quotes; nothing where it has none. */
export function Quote({ citation }: { readonly citation: Citation }): ReactNode {
  const lex = useLexer();
  if (citation.quote === null) return null;
  return <q className="ck-source-quote">{plainText(citation.quote, lex)}</q>;
}
