import type { Citation } from "@chatkeep/protocol";
import { type ReactNode, useMemo, useState } from "react";

import { useLexer } from "../hooks/useLexer.ts";
import { createBlocks } from "./blocks.ts";
import { BlockView } from "./BlockView.tsx";
import type { Lex } from "./lexer.ts";

export interface MarkdownProps {
  readonly text: string;
  /** What the markers `[1]`, `[2]`, … in the text refer to. */
  readonly citations: readonly Citation[];
  /** `growing` while the answer is being made; `finished` lexes the whole text once more. */
  readonly state: "growing" | "finished";
}

/** Markdown as elements; no HTML string is ever made of it. The text as it is written until the lexer is loaded. */
export function Markdown(props: MarkdownProps): ReactNode {
  const lex = useLexer();
  return (
    <div className="ck-markdown">
      {lex === null ? <p className="ck-raw">{props.text}</p> : <MarkdownBlocks {...props} lex={lex} />}
    </div>
  );
}

function MarkdownBlocks({ text, citations, state, lex }: MarkdownProps & { readonly lex: Lex }): ReactNode {
  const [growing] = useState(() => createBlocks(lex));
  const stable = useStableCitations(citations);
  const blocks = useMemo(
    () => (state === "growing" ? growing(withoutOpenMark(text)) : createBlocks(lex)(text)),
    [growing, lex, state, text],
  );
  const depths = [
    ...new Set(blocks.flatMap(({ token }) => (token.type === "heading" ? [token.depth] : []))),
  ].sort((a, b) => a - b);
  return blocks.map(({ key, token }) => (
    <BlockView
      key={key}
      token={token}
      citations={stable}
      rank={token.type === "heading" ? depths.indexOf(token.depth) : 0}
    />
  ));
}

/** Without a marker that is still being written at the end, which would flicker: `[`, `[1`. */
function withoutOpenMark(text: string): string {
  return text.replace(/\[\d*$/, "");
}

/** The same array while it holds the same citations: a new one would render every finished block again. */
function useStableCitations(citations: readonly Citation[]): readonly Citation[] {
  const [kept, keep] = useState(citations);
  const same =
    kept.length === citations.length && kept.every((citation, index) => citation === citations[index]);
  if (same) return kept;
  keep(citations);
  return citations;
}
