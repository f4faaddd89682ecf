import type { Citation } from "@chatkeep/protocol";
import { type ReactNode, useLayoutEffect, useRef } from "react";

import { place } from "../components/place.ts";
import { useCitationLink } from "../hooks/useCitations.ts";
import { useLexer } from "../hooks/useLexer.ts";
import { headingsOf } from "../state/citation.ts";
import { plainText } from "./plain.ts";

export interface CitationCardProps {
  readonly id: string;
  readonly citation: Citation;
  /** Told when Escape or a press beside it has closed it. */
  readonly onClose: () => void;
}

/**
 * The passage of the marker before it: where it stands, its title and its words, as one link to it. Mounted open, as
 * a native popover, in which nothing clips it.
 */
export function CitationCard({ id, citation, onClose }: CitationCardProps): ReactNode {
  const link = useCitationLink(citation);
  const lex = useLexer();
  const card = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const popover = card.current;
    const beside = popover?.previousElementSibling;
    if (popover === null || beside === null || beside === undefined) return;
    const follow = (): void => place({ popover, beside, align: "middle" });
    popover.showPopover();
    follow();
    // A scroll within a shadow root is not told outside it.
    const root = popover.getRootNode();
    root.addEventListener("scroll", follow, true);
    return () => root.removeEventListener("scroll", follow, true);
  }, []);

  const { title, chapter } = headingsOf(citation);
  const body = (
    <>
      {chapter !== null && <small>{chapter}</small>}
      <b>{title}</b>
      {citation.quote !== null && <q className="ck-source-quote">{plainText(citation.quote, lex)}</q>}
    </>
  );
  return (
    <span
      ref={card}
      id={id}
      popover="auto"
      className="ck-card"
      onToggle={() => card.current?.matches(":popover-open") === false && onClose()}
    >
      {link === null ? (
        <span className="ck-source" dir="auto">
          {body}
        </span>
      ) : (
        // The marker is the same link: once is enough for the Tab key.
        <a {...link} className="ck-source" dir="auto" tabIndex={-1}>
          {body}
        </a>
      )}
    </span>
  );
}
