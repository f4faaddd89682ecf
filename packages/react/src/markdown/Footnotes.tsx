import type { Citation } from "@chatkeep/protocol";
import type { ReactNode } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import type { FootnoteToken } from "./extensions.ts";
import { goTo } from "./FootnoteMark.tsx";
import { Inline } from "./Inline.tsx";

export interface FootnotesProps {
  readonly notes: readonly FootnoteToken[];
  readonly citations: readonly Citation[];
}

/** The footnotes of a text, each with a way back to its mark. */
export function Footnotes({ notes, citations }: FootnotesProps): ReactNode {
  const strings = useStrings();
  return (
    <ul className="ck-footnotes" aria-label={strings.footnotes}>
      {notes.map(({ label, tokens }, index) => (
        <li key={index} data-footnote={label} tabIndex={-1}>
          <button
            type="button"
            className="ck-mark"
            aria-label={`${label}: ${strings.back}`}
            onClick={goTo("mark", label)}
          >
            {label}
          </button>{" "}
          <Inline tokens={tokens} citations={citations} />
        </li>
      ))}
    </ul>
  );
}
