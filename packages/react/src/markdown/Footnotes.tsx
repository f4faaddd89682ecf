import type { Citation } from "@chatkeep/protocol";
import type { MouseEvent, ReactNode } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import type { FootnoteToken } from "./extensions.ts";
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
          <button type="button" className="ck-mark" aria-label={strings.back} onClick={goTo("mark", label)}>
            {label}
          </button>{" "}
          <Inline tokens={tokens} citations={citations} />
        </li>
      ))}
    </ul>
  );
}

/** The mark of a footnote. */
export function FootnoteMark({ label }: { readonly label: string }): ReactNode {
  return (
    <sup>
      <button
        type="button"
        className="ck-mark"
        data-footnote-mark={label}
        aria-label={useStrings().footnote(label)}
        onClick={goTo("note", label)}
      >
        {label}
      </button>
    </sup>
  );
}

/** Without an address: one would be the page's, whose router may take it, and leads to nothing in a shadow root. */
function goTo(target: "mark" | "note", label: string): (event: MouseEvent<HTMLElement>) => void {
  const [attribute, key] =
    target === "note"
      ? (["[data-footnote]", "footnote"] as const)
      : (["[data-footnote-mark]", "footnoteMark"] as const);
  return ({ currentTarget }) => {
    const found = [
      ...(currentTarget.closest(".ck-markdown")?.querySelectorAll<HTMLElement>(attribute) ?? []),
    ].find(({ dataset }) => dataset[key] === label);
    found?.scrollIntoView({ block: "nearest" });
    found?.focus({ preventScroll: true });
  };
}
