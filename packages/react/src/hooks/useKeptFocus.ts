import { type FocusEvent, type RefObject, useLayoutEffect, useRef } from "react";

/** The properties of an element that keeps the focus. */
export interface KeptFocus {
  readonly ref: RefObject<HTMLElement | null>;
  readonly onFocus: (event: FocusEvent) => void;
  readonly onBlur: (event: FocusEvent) => void;
}

/**
 * Keeps the focus in a list when the row that has it goes away: the row that takes its place gets it. Without this, who
 * deletes with the keyboard begins at the top of the page again.
 */
export function useKeptFocus(): KeptFocus {
  const ref = useRef<HTMLElement>(null);
  const row = useRef<number | null>(null);
  const rows = (): HTMLElement[] => [...(ref.current?.querySelectorAll("li") ?? [])];

  // After every rendering: any of them may have taken the row away.
  useLayoutEffect(() => {
    const list = ref.current;
    if (row.current === null || list === null) return;
    const root = list.getRootNode() as Document | ShadowRoot;
    const focused = root.activeElement;
    if (focused !== null && focused !== document.body) return;
    const left = rows();
    const next = left[Math.min(row.current, left.length - 1)];
    row.current = null;
    next?.querySelector<HTMLElement>("a, button")?.focus();
  });

  return {
    ref,
    onFocus: ({ target }) => (row.current = Math.max(rows().indexOf(target.closest("li") as HTMLElement), 0)),
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
