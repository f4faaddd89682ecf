import { type FocusEvent, type RefObject, useLayoutEffect, useRef } from "react";

/** The properties of an element that keeps the focus. */
export interface KeptFocus {
  readonly ref: RefObject<HTMLElement | null>;
  readonly onFocus: (event: FocusEvent) => void;
  readonly onBlur: (event: FocusEvent) => void;
}

/** Where the focus is in a list. */
interface Place {
  readonly id: string | undefined;
  readonly index: number;
  readonly on: "a" | "button";
}

/**
 * Keeps the focus in a list when its row moves (rows have a `data-id`) or disappears: then the row in its place gets the
 * focus. Without this, a deletion by keyboard returns the focus to the top of the page.
 */
export function useKeptFocus(): KeptFocus {
  const ref = useRef<HTMLElement>(null);
  const row = useRef<Place | null>(null);
  const rows = (): HTMLElement[] => [...(ref.current?.querySelectorAll("li") ?? [])];

  // After every rendering: any of them may have taken the row away.
  useLayoutEffect(() => {
    const list = ref.current;
    if (row.current === null || list === null) return;
    const root = list.getRootNode() as Document | ShadowRoot;
    const focused = root.activeElement;
    if (focused !== null && focused !== document.body) return;
    const { id, index, on } = row.current;
    row.current = null;
    const left = rows();
    const moved = left.find(({ dataset }) => id !== undefined && dataset["id"] === id);
    const next = moved ?? left[Math.min(index, left.length - 1)];
    next?.querySelector<HTMLElement>(moved === undefined ? "a, button" : on)?.focus();
  });

  return {
    ref,
    onFocus({ target }) {
      const current = target.closest("li");
      row.current = {
        id: current?.dataset["id"],
        index: Math.max(
          rows().findIndex((each) => each === current),
          0,
        ),
        on: target.matches("a") ? "a" : "button",
      };
    },
    onBlur({ target }) {
      // A person has left it, and not the row the list.
      queueMicrotask(() => {
        const root = ref.current?.getRootNode() as Document | ShadowRoot | undefined;
        const inside = root !== undefined && ref.current?.contains(root.activeElement) === true;
        if (target.isConnected && !inside) row.current = null;
      });
    },
  };
}
