import type { Citation } from "@chatkeep/protocol";
import type { ReactNode } from "react";

import { useReader } from "../hooks/useLexer.ts";

export interface MarkdownProps {
  readonly text: string;
  /** What the markers `[1]`, `[2]`, … in the text refer to. */
  readonly citations: readonly Citation[];
  /** `growing` while the answer is being made; `finished` lexes the whole text once more. */
  readonly state: "growing" | "finished";
}

/** Markdown as elements; no HTML string is ever made of it. The text as it is written until the lexer is loaded. */
export function Markdown(props: MarkdownProps): ReactNode {
  const reader = useReader();
  return (
    <div className="ck-markdown">
      {reader === null ? (
        <p className="ck-raw">{props.text}</p>
      ) : (
        <reader.MarkdownBlocks {...props} lex={reader.lex} />
      )}
    </div>
  );
}
