/** What the key of shortcuts is called on this machine. */
export const COMMAND: string = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";
