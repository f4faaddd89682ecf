import { type RefCallback, useLayoutEffect, useRef, useState } from "react";

import { type ScrollKeeper, createScrollKeeper } from "../state/scroll.ts";

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

export interface ScrollPlace {
  /** Whether what is loaded reaches the end of the conversation. */
  readonly reaches: "end" | "middle";
  /** The message to go to; each new object goes there once. */
  readonly target: { readonly id: string } | null;
}

/** Keeps a transcript's place while messages are added at either end, and goes to a message that is asked for. */
export function useScrollKeeper({ reaches, target }: ScrollPlace): KeptScroll {
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
  useLayoutEffect(() => keeper.current?.update(reaches));
  useLayoutEffect(() => {
    if (target === null || content === null) return;
    const element = [...content.querySelectorAll("article")].find(({ dataset }) =>
      dataset["id"]?.split(" ").includes(target.id),
    );
    if (element === undefined) return;
    keeper.current?.toElement(element);
    // Who reads with the keyboard or a screen reader goes on from there.
    element.focus({ preventScroll: true });
    element.animate(MARKED, 2_000);
  }, [content, target]);

  return { containerRef, contentRef, container, sticking, toEnd: () => keeper.current?.toEnd() };
}

/** Shows for a moment which message was gone to. */
const MARKED = {
  backgroundColor: ["var(--ck-accent-soft)", "transparent"],
  boxShadow: ["0 0 0 0.5rem var(--ck-accent-soft)", "0 0 0 0.5rem transparent"],
};
