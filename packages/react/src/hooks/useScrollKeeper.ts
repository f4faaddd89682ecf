import { type RefObject, useLayoutEffect, useRef, useState } from "react";

import { type ScrollKeeper, createScrollKeeper } from "../state/scroll.ts";

/** What {@link useScrollKeeper} gives. */
export interface KeptScroll {
  /** For the element that scrolls. */
  readonly container: RefObject<HTMLElement | null>;
  /** For the element in it that grows. */
  readonly content: RefObject<HTMLDivElement | null>;
  /** Whether the end is kept in sight. */
  readonly sticking: boolean;
  readonly toEnd: () => void;
}

/** Keeps a transcript's place while messages are added at either end. */
export function useScrollKeeper(): KeptScroll {
  const container = useRef<HTMLElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const keeper = useRef<ScrollKeeper>(undefined);
  const [sticking, setSticking] = useState(true);

  useLayoutEffect(() => {
    if (container.current === null || content.current === null) return;
    const created = createScrollKeeper({
      container: container.current,
      content: content.current,
      onSticking: setSticking,
    });
    keeper.current = created;
    return () => created.close();
  }, []);
  // After every rendering, before it is painted.
  useLayoutEffect(() => keeper.current?.update());

  return { container, content, sticking, toEnd: () => keeper.current?.toEnd() };
}
