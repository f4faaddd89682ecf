import type { SourcePart } from "@chatkeep/protocol";
import type { ReactNode } from "react";

import { useAllStrings } from "../../hooks/useAllStrings.ts";
import { Link } from "../../markdown/Link.tsx";

export interface LinksProps {
  readonly sources: readonly SourcePart[];
}

/** The pages and documents that a model used, each once; a page as a link. */
export function Links({ sources }: LinksProps): ReactNode {
  const strings = useAllStrings();
  const byPlace = new Map(sources.map((source) => [source.url ?? source.id, source]));
  return (
    <ul className="ck-row" aria-label={strings.sources}>
      {[...byPlace].map(([place, { url, title, name, mime }]) => (
        <li key={place}>
          {url === undefined ? (title ?? name ?? mime) : <Link address={url}>{title ?? hostOf(url)}</Link>}
        </li>
      ))}
    </ul>
  );
}

function hostOf(address: string): string {
  try {
    return new URL(address).host || address;
  } catch {
    return address;
  }
}
