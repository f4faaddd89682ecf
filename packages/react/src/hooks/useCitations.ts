import type { Citation } from "@chatkeep/protocol";
import { type Context, type MouseEvent, createContext, useContext } from "react";

import { safeAddress } from "../markdown/address.ts";
import { inPlace } from "../state/in-place.ts";

/** How citations are opened. */
export interface Citations {
  /** The address as a link has it; default the citation's own. */
  readonly addressOf: (citation: Citation) => string | null;
  /** Opens the passage in place of the browser; default: the browser follows the link. */
  readonly open: ((citation: Citation) => void) | null;
}

/** Says how citations are opened. */
export const CitationsContext: Context<Citations> = createContext<Citations>({
  addressOf: ({ url }) => url,
  open: null,
});

/** What a link to a citation has; `null` when it leads nowhere that is safe to follow. */
export function useCitationLink(citation: Citation): CitationLink | null {
  const { addressOf, open } = useContext(CitationsContext);
  const address = addressOf(citation);
  const href = address === null ? null : safeAddress(address);
  if (href === null) return null;
  return {
    href,
    target: "_blank",
    rel: "noopener",
    onClick: open === null ? () => undefined : inPlace(() => open(citation)),
  };
}

/** The properties of a link to a citation. */
export interface CitationLink {
  readonly href: string;
  readonly target: "_blank";
  readonly rel: "noopener";
  readonly onClick: (event: MouseEvent) => void;
}
