import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";

import { focusComposer, isWriting } from "./keys.ts";
import type { Quote } from "./quote.ts";
import { useAppStrings } from "./useAppStrings.ts";

/** Words that are selected in one answer, and where they end. */
interface Selected {
  readonly text: string;
  readonly left: number;
  readonly top: number;
}

/** Beside words that are selected in an answer: takes them into the next question. So does the key Q. */
export function QuoteButton({ quote }: { readonly quote: Quote }): ReactNode {
  const { quoteSelected } = useAppStrings();
  const button = useRef<HTMLButtonElement>(null);
  const [selected, setSelected] = useState<Selected | null>(null);

  useEffect(() => {
    const look = (): void => setSelected(readSelected());
    document.addEventListener("selectionchange", look);
    document.addEventListener("scroll", look, { capture: true, passive: true });
    return () => {
      document.removeEventListener("selectionchange", look);
      document.removeEventListener("scroll", look, { capture: true });
    };
  }, []);
  // With the button: as soon as it is seen, its key works.
  useLayoutEffect(() => {
    if (selected === null) return;
    const onKey = (event: KeyboardEvent): void => {
      const modified = event.ctrlKey || event.metaKey || event.altKey;
      if (event.key.toLowerCase() !== "q" || modified || isWriting(event.target)) return;
      event.preventDefault();
      button.current?.click();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [selected]);
  useLayoutEffect(() => {
    if (button.current === null || selected === null) return;
    const { width, height } = button.current.getBoundingClientRect();
    button.current.style.left = `${Math.max(8, Math.min(selected.left, innerWidth - width - 8))}px`;
    button.current.style.top = `${Math.max(8, Math.min(selected.top, innerHeight - height - 8))}px`;
  }, [selected]);

  if (selected === null) return null;
  return (
    <button
      ref={button}
      type="button"
      className="ck-button quote"
      // A press must not end the selection.
      onPointerDown={(event) => event.preventDefault()}
      onClick={() => {
        quote.set(selected.text);
        getSelection()?.removeAllRanges();
        focusComposer();
      }}
    >
      {quoteSelected}
      <kbd aria-hidden="true">Q</kbd>
    </button>
  );
}

function readSelected(): Selected | null {
  const selection = getSelection();
  const text = selection?.toString().trim() ?? "";
  if (selection === null || selection.rangeCount === 0 || text === "") return null;
  const range = selection.getRangeAt(0);
  const { commonAncestorContainer: within } = range;
  const element = within instanceof Element ? within : within.parentElement;
  if (element === null || element.closest(".ck-answer") === null) return null;
  const { left, bottom } = range.getBoundingClientRect();
  return { text, left, top: bottom + 6 };
}
