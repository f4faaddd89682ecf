import { type ReactNode, useEffect } from "react";

import { useSnapshot } from "../hooks/useSnapshot.ts";
import { loadMarkdown, reader } from "./load-markdown.ts";
import type { MarkdownBlocksProps } from "./MarkdownBlocks.tsx";

export type MarkdownProps = Omit<MarkdownBlocksProps, "lex">;

/** Markdown as elements; no HTML string is ever made of it. The text as it is written until the lexer is loaded. */
export function Markdown(props: MarkdownProps): ReactNode {
  const loaded = useSnapshot(reader);
  useEffect(() => {
    // Without a network the text stays as it is written, and the next answer tries again.
    loadMarkdown().catch(() => undefined);
  }, []);
  return (
    <div className="ck-markdown">
      {loaded === null ? (
        <p className="ck-raw">{props.text}</p>
      ) : (
        <loaded.Blocks {...props} lex={loaded.lex} />
      )}
    </div>
  );
}
