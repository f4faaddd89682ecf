import { useLayoutEffect } from "react";

/** What can be read again. */
interface Refreshed {
  refresh(): void;
}

/**
 * Reads what has changed elsewhere: at first, when the page is looked at again, and when the network returns.
 * `undefined` while no chat is shown.
 */
export function useRefreshing(chat: Refreshed | undefined): void {
  // Before the messages can arrive that are being read: a thread that is opened after that is read twice.
  useLayoutEffect(() => {
    if (chat === undefined) return;
    chat.refresh();
    const refresh = (): void => void (document.visibilityState === "visible" && chat.refresh());
    document.addEventListener("visibilitychange", refresh);
    addEventListener("online", refresh);
    return () => {
      document.removeEventListener("visibilitychange", refresh);
      removeEventListener("online", refresh);
    };
  }, [chat]);
}
