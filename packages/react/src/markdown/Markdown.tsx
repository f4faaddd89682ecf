import { type ReactNode, useEffect } from "react";

import { useSnapshot } from "../hooks/useSnapshot.ts";
import { loadMarkdown, reader } from "./load-markdown.ts";
import type { MarkdownBlocksProps } from "./MarkdownBlocks.tsx";

export interface MarkdownProps extends Omit<MarkdownBlocksProps, "lex"> {
  /** Whether it leaves the loading to others, as a question does to its answer. Default `false`. */
  readonly waits?: boolean;
}

/** Markdown as elements; no HTML string is ever made of it. The text as it is written until the lexer is loaded. */
export function Markdown({ waits = false, ...props }: MarkdownProps): ReactNode {
  const loaded = useSnapshot(reader);
  useEffect(() => {
    // Without a network the text stays as it is written, and the next answer tries again.
    if (!waits) loadMarkdown().catch(() => undefined);
  }, [waits]);
  return (
    <div className="ck-markdown" aria-busy={loaded === null || undefined}>
      {loaded === null ? (
        <p className="ck-raw">{props.text}</p>
      ) : (
        <loaded.Blocks {...props} lex={loaded.lex} />
      )}
    </div>
  );
}
