import { useEffect, useRef } from "react";

/** What {@link usePageKeys} takes. */
export interface PageKeys {
  readonly onNew: () => void;
  readonly onStop: () => void;
}

/** Ctrl or Cmd + Shift + O begins a conversation, Shift + Escape goes to the composer, Escape stops the answer. */
export function usePageKeys(keys: PageKeys): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      // An open dialog has the keyboard for itself; so has an input method.
      if (event.isComposing || document.querySelector("dialog[open]") !== null) return;
      if (event.key === "Escape") {
        if (event.shiftKey) document.querySelector("textarea")?.focus();
        else latest.current.onStop();
      } else if ((event.ctrlKey || event.metaKey) && event.shiftKey && event.key.toLowerCase() === "o") {
        event.preventDefault();
        latest.current.onNew();
      }
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
}
