import { useEffect, useRef } from "react";

export interface PageKeys {
  readonly onSearch: () => void;
  readonly onNew: () => void;
  readonly onStop: () => void;
  readonly onHelp: () => void;
}

/**
 * Ctrl or Cmd + K searches, Ctrl or Cmd + Shift + O begins a conversation, Shift + Escape goes to the composer,
 * Escape stops the answer, and ? shows this list where nothing is being written.
 */
export function usePageKeys(keys: PageKeys): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      // What is open has the keyboard for itself; so has an input method.
      if (event.isComposing || document.querySelector("dialog[open], :popover-open") !== null) return;
      const act = actionOf(event);
      if (act === undefined) return;
      event.preventDefault();
      if (act === "composer") focusComposer();
      else latest.current[act]();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
}

/** Goes to the field for the next question. */
export function focusComposer(): void {
  document.querySelector<HTMLElement>(".ck-composer textarea")?.focus();
}

function actionOf(event: KeyboardEvent): keyof PageKeys | "composer" | undefined {
  const { key, shiftKey, ctrlKey, metaKey, altKey } = event;
  if (key === "Escape") return shiftKey ? "composer" : "onStop";
  if ((ctrlKey || metaKey) && !altKey) {
    if (!shiftKey && key.toLowerCase() === "k") return "onSearch";
    return shiftKey && key.toLowerCase() === "o" ? "onNew" : undefined;
  }
  return key === "?" && !isWriting(event.target) ? "onHelp" : undefined;
}

/** Whether a key that is pressed there is written. */
export function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null
  );
}
