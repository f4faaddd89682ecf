import type { Citation } from "@chatkeep/protocol";
import { type ReactNode, useMemo, useState } from "react";

import { createBlocks } from "./blocks.ts";
import { BlockView } from "./BlockView.tsx";
import type { FootnoteToken } from "./extensions.ts";
import { Footnotes } from "./Footnotes.tsx";
import type { Lex } from "./lexer.ts";
import { whole } from "./whole.ts";

export interface MarkdownBlocksProps {
  readonly text: string;
  /** The sources of the markers `[1]`, `[2]`, … in the text. */
  readonly citations: readonly Citation[];
  /** `growing` while the answer is being made; `finished` lexes the whole text once more. */
  readonly state: "growing" | "finished";
  readonly lex: Lex;
}

/** The blocks of a text, and its footnotes below them. */
export function MarkdownBlocks({ text, citations, state, lex }: MarkdownBlocksProps): ReactNode {
  const growing = state === "growing";
  const [grow] = useState(() => createBlocks((part) => lex(whole(part))));
  const stable = useStableCitations(citations);
  const blocks = useMemo(() => (growing ? grow(text) : createBlocks(lex)(text)), [grow, growing, lex, text]);
  const depths = [
    ...new Set(blocks.flatMap(({ token }) => (token.type === "heading" ? [token.depth] : []))),
  ].sort((a, b) => a - b);
  const notes = blocks.flatMap(({ token }) => (token.type === "footnote" ? [token] : []));
  return (
    <>
      {blocks.map(({ key, token }, index) => (
        <BlockView
          key={key}
          token={token}
          citations={stable}
          rank={token.type === "heading" ? depths.indexOf(token.depth) : 0}
          isGrowing={growing && index === blocks.length - 1}
        />
      ))}
      {notes.length > 0 && <Footnotes notes={notes satisfies readonly FootnoteToken[]} citations={stable} />}
    </>
  );
}

/** Keeps one array while its citations are equal: a new one would render every finished block again. */
function useStableCitations(citations: readonly Citation[]): readonly Citation[] {
  const [kept, keep] = useState(citations);
  const same =
    kept.length === citations.length && kept.every((citation, index) => citation === citations[index]);
  if (same) return kept;
  keep(citations);
  return citations;
}
