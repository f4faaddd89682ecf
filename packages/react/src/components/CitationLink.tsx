import type { Citation } from "@chatkeep/protocol";
import type { ReactNode } from "react";

import { useCitationLink } from "../hooks/useCitations.ts";

export interface CitationLinkProps {
  readonly citation: Citation;
  readonly tabIndex?: number | undefined;
  readonly children: ReactNode;
}

/** A card that links to a passage; without a link where the citation leads nowhere. */
export function CitationLink({ citation, tabIndex, children }: CitationLinkProps): ReactNode {
  const link = useCitationLink(citation);
  const Card = link === null ? "span" : "a";
  return (
    <Card {...link} className="ck-source" dir="auto" tabIndex={tabIndex}>
      {children}
    </Card>
  );
}
