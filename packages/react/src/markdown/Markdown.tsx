import type { Citation } from "@chatkeep/protocol";
import { type ReactNode, useMemo, useState } from "react";

import { createBlocks } from "./blocks.ts";
import { BlockView } from "./BlockView.tsx";

/** What {@link Markdown} takes. */
export interface MarkdownProps {
  readonly text: string;
  /** What the markers `[1]`, `[2]`, … in the text refer to. */
  readonly citations: readonly Citation[];
  /** `growing` while the answer is being made; `finished` lexes the whole text once more. */
  readonly state: "growing" | "finished";
}

/** Markdown as elements; no HTML string is ever made of it. */
export function Markdown({ text, citations, state }: MarkdownProps): ReactNode {
  const [growing] = useState(createBlocks);
  const stable = useStableCitations(citations);
  const blocks = useMemo(
    () => (state === "growing" ? growing(withoutOpenMark(text)) : createBlocks()(text)),
    [growing, state, text],
  );
  const depths = [
    ...new Set(blocks.flatMap(({ token }) => (token.type === "heading" ? [token.depth] : []))),
  ].sort((a, b) => a - b);
  return (
    <div className="ck-markdown">
      {blocks.map(({ key, token }) => (
        <BlockView
          key={key}
          token={token}
          citations={stable}
          rank={token.type === "heading" ? depths.indexOf(token.depth) : 0}
        />
      ))}
    </div>
  );
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
