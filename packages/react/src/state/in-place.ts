type Press = Pick<MouseEvent, "metaKey" | "ctrlKey" | "shiftKey" | "altKey" | "preventDefault">;

/** Makes a link's handler that calls `go` in its place; with a modifier the browser opens a tab or a window. */
export function inPlace(go: () => void): (event: Press) => void {
  return (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go();
  };
}
