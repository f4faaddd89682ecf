import type { Chat, Thread } from "@chatkeep/react";
import { useEffect } from "react";

import type { Address } from "./address.ts";

/** Goes to the message that the address names, if it does; one that is not there is no error. */
export function useLinkedMessage(chat: Chat, thread: Thread, address: Address): void {
  const { history, owner } = chat;
  useEffect(() => {
    const id = address.message();
    if (id === null || address.getSnapshot() !== thread.conversationId) return;
    history.getMessage(owner, thread.conversationId, id).then(
      ({ seq }) => thread.goTo(seq, id),
      () => undefined,
    );
  }, [history, owner, thread, address]);
}
