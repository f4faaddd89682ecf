import type { MouseEvent } from "react";

/** Makes a link's handler that calls `go` in its place; with a modifier the browser opens a tab or a window. */
export function inPlace(go: () => void): (event: MouseEvent) => void {
  return (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go();
  };
}
