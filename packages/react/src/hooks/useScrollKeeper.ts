import { type RefCallback, useLayoutEffect, useRef, useState } from "react";

import { type ScrollKeeper, createScrollKeeper } from "../state/scroll.ts";

/** What {@link useScrollKeeper} gives. */
export interface KeptScroll {
  /** For the element that scrolls. */
  readonly containerRef: RefCallback<HTMLElement>;
  /** For the element in it that grows. */
  readonly contentRef: RefCallback<HTMLElement>;
  /** The element that scrolls, once it is there. */
  readonly container: HTMLElement | null;
  /** Whether the end is kept in sight. */
  readonly sticking: boolean;
  readonly toEnd: () => void;
}

/** Keeps a transcript's place while messages are added at either end. */
export function useScrollKeeper(): KeptScroll {
  const [container, containerRef] = useState<HTMLElement | null>(null);
  const [content, contentRef] = useState<HTMLElement | null>(null);
  const keeper = useRef<ScrollKeeper>(undefined);
  const [sticking, setSticking] = useState(true);

  useLayoutEffect(() => {
    if (container === null || content === null) return;
    const created = createScrollKeeper({ container, content, onSticking: setSticking });
    keeper.current = created;
    return () => {
      created.close();
      keeper.current = undefined;
    };
  }, [container, content]);
  // After every rendering, before it is painted.
  useLayoutEffect(() => keeper.current?.update());

  return { containerRef, contentRef, container, sticking, toEnd: () => keeper.current?.toEnd() };
}
