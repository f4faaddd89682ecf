import type { Citation } from "@chatkeep/protocol";
import { type ReactNode, useId } from "react";

import { useCitationLink } from "../hooks/useCitations.ts";
import { useLexer } from "../hooks/useLexer.ts";
import { useStrings } from "../hooks/useStrings.ts";
import { plainText } from "../markdown/plain.ts";
import { placeOf } from "../state/citation.ts";

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
  const link = useCitationLink(citation);
  const lex = useLexer();
  const body = (
    <>
      <span className="ck-source-number">{number}</span>
      <span className="ck-source-place">{placeOf(citation)}</span>
      {citation.quote !== null && <q className="ck-source-quote">{plainText(citation.quote, lex)}</q>}
    </>
  );
  if (link === null)
    return (
      <div className="ck-source" dir="auto">
        {body}
      </div>
    );
  return (
    <a {...link} className="ck-source" dir="auto">
      {body}
    </a>
  );
}
