import type { Selection } from "@chatkeep/react";

/**
 * Watches what is selected on the page, outside of `own`, from when anything is: most readers select nothing. Calls
 * `onLoad` with what watches then. Returns the function that ends it.
 */
export function watchLater(own: Element, onLoad: (selection: Selection) => void): () => void {
  let selection: Selection | undefined;
  let ended = false;
  const onSelect = (): void => {
    if (document.getSelection()?.isCollapsed !== false) return;
    document.removeEventListener("selectionchange", onSelect);
    void import("./watch-selection.ts").then(
      ({ watchSelection }) => {
        if (ended) return;
        selection = watchSelection({ own });
        onLoad(selection);
      },
      // Without a network the next selection tries again.
      () => document.addEventListener("selectionchange", onSelect),
    );
  };
  document.addEventListener("selectionchange", onSelect);
  onSelect();
  return () => {
    ended = true;
    document.removeEventListener("selectionchange", onSelect);
    selection?.close();
  };
}
