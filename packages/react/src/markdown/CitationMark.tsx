import type { Citation } from "@chatkeep/protocol";
import type { ReactNode } from "react";

import { useCitationLink } from "../hooks/useCitations.ts";
import { useStrings } from "../hooks/useStrings.ts";
import { placeOf } from "../state/citation.ts";

/** What {@link CitationMark} takes. */
export interface CitationMarkProps {
  /** Counted from 1, as in the text. */
  readonly number: number;
  readonly citation: Citation;
}

/** The marker `[n]` in an answer, as a link to the passage that it rests on. */
export function CitationMark({ number, citation }: CitationMarkProps): ReactNode {
  const link = useCitationLink(citation);
  const label = useStrings().source(number, placeOf(citation));
  if (link === null) {
    return (
      <sup className="ck-mark" title={placeOf(citation)}>
        {number}
      </sup>
    );
  }
  return (
    <a className="ck-mark" {...link} title={placeOf(citation)} aria-label={label}>
      {number}
    </a>
  );
}
