import type { Citation } from "@chatkeep/protocol";
import { type MouseEvent, type ReactNode, useId, useRef, useState } from "react";

import { CitationLink } from "../components/CitationLink.tsx";
import { Quote } from "../components/Quote.tsx";
import { useCitationLink } from "../hooks/useCitations.ts";
import { useStrings } from "../hooks/useStrings.ts";
import { headingsOf, placeOf } from "../state/citation.ts";
import type { CitationCard } from "./CitationCard.tsx";

export interface CitationMarkProps {
  /** Counted from 1, as in the text. */
  readonly number: number;
  readonly citation: Citation;
}

/**
 * The marker `[n]` in an answer, as a link to the passage that it rests on. The pointer, the keyboard's focus and a
 * finger show its card, which is loaded when the first is asked for.
 */
export function CitationMark({ number, citation }: CitationMarkProps): ReactNode {
  const id = useId();
  const link = useCitationLink(citation);
  const label = useStrings().source(number, placeOf(citation));
  const { title, chapter } = headingsOf(citation);
  const [Card, setCard] = useState<typeof CitationCard | null>(null);
  const wanted = useRef(false);
  const touched = useRef(false);
  /** `instead` is called when it cannot be loaded; default: nothing, the sources below the answer say the same. */
  const show = (instead: () => unknown = () => undefined): void => {
    wanted.current = true;
    void import("./CitationCard.tsx").then(
      (loaded) => wanted.current && setCard(() => loaded.CitationCard),
      instead,
    );
  };
  const hide = (): void => {
    wanted.current = false;
    setCard(null);
  };
  const mark = {
    className: "ck-mark",
    "aria-label": label,
    "aria-describedby": Card === null ? undefined : id,
  };
  const press = (event: MouseEvent<HTMLElement>): void => {
    // A finger cannot rest on it to see the card first: that is the link then. Clicks without a pointer have no `detail`.
    if (link !== null && !(touched.current && event.detail > 0)) return link.onClick(event);
    event.preventDefault();
    const { currentTarget } = event;
    show(() => link !== null && currentTarget.click());
  };
  return (
    <span
      onPointerEnter={({ pointerType }) => pointerType !== "touch" && show()}
      onPointerLeave={({ pointerType }) => pointerType !== "touch" && hide()}
      onPointerDown={({ pointerType }) => (touched.current = pointerType === "touch")}
      onFocus={({ target }) => target.matches(":focus-visible") && show()}
      onBlur={({ currentTarget, relatedTarget }) => !currentTarget.contains(relatedTarget) && hide()}
    >
      {link === null ? (
        <button type="button" {...mark} onClick={press}>
          {number}
        </button>
      ) : (
        <a {...{ ...link, onClick: press }} {...mark}>
          {number}
        </a>
      )}
      {Card !== null && (
        <Card id={id} onClose={hide}>
          {/* The marker is the same link: once is enough for the Tab key. */}
          <CitationLink citation={citation} tabIndex={-1}>
            {chapter !== null && <small>{chapter}</small>}
            <b>{title}</b>
            <Quote citation={citation} />
          </CitationLink>
        </Card>
      )}
    </span>
  );
}
