import type { Snippet as FoundSnippet } from "@chatkeep/protocol";
import type { ReactNode } from "react";

export interface SnippetProps {
  readonly snippet: FoundSnippet;
}

/** A piece of a message with what was found in it marked. */
export function Snippet({ snippet: { text, marks } }: SnippetProps): ReactNode {
  const pieces: ReactNode[] = [];
  let from = 0;
  for (const { start, end } of marks) {
    pieces.push(text.slice(from, start), <mark key={start}>{text.slice(start, end)}</mark>);
    from = end;
  }
  return (
    <span className="ck-snippet">
      {pieces}
      {text.slice(from)}
    </span>
  );
}
