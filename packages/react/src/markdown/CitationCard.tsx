import { type ReactNode, useLayoutEffect, useRef } from "react";

import { place } from "../components/place.ts";

export interface CitationCardProps {
  readonly id: string;
  readonly children: ReactNode;
  /** Called when Escape or a press beside it has closed it. */
  readonly onClose: () => void;
}

/** A card beside the marker before it. Mounted open, as a native popover, in which nothing clips it. */
export function CitationCard({ id, children, onClose }: CitationCardProps): ReactNode {
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
  return (
    <span
      ref={card}
      id={id}
      popover="auto"
      className="ck-card"
      onToggle={() => card.current?.matches(":popover-open") === false && onClose()}
    >
      {children}
    </span>
  );
}
