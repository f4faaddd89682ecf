import type { Citation } from "@chatkeep/protocol";
import { type ReactNode, useId } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import { placeOf } from "../state/citation.ts";
import { CitationLink } from "./CitationLink.tsx";
import { Quote } from "./Quote.tsx";

export interface SourcesProps {
  /** In the order in which the text's markers count them. */
  readonly citations: readonly Citation[];
}

/** The passages that an answer rests on: where they stand, and their words. */
export function Sources({ citations }: SourcesProps): ReactNode {
  const strings = useStrings();
  const id = useId();
  return (
    <section className="ck-sources" aria-labelledby={id}>
      <h3 id={id}>{strings.sources}</h3>
      <ol>
        {citations.map((citation, index) => (
          <li key={index}>
            <Source number={index + 1} citation={citation} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Source({ number, citation }: { number: number; citation: Citation }): ReactNode {
  return (
    <CitationLink citation={citation}>
      <span className="ck-source-number">{number}</span>
      <span className="ck-source-place">{placeOf(citation)}</span>
      <Quote citation={citation} />
    </CitationLink>
  );
}
