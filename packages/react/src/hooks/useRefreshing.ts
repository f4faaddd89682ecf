import { useEffect } from "react";

import type { Chat } from "../state/chat.ts";

/**
 * Reads what has changed elsewhere: at first, when the page is looked at again, and when the network returns.
 * `undefined` while no chat is shown.
 */
export function useRefreshing(chat: Chat | undefined): void {
  useEffect(() => {
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
