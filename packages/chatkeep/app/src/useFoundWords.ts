import type { SearchHit } from "@chatkeep/protocol";
import { useEffect, useState } from "react";

/** Marks the words of a hit where they stand in the conversation that is shown; `null`: no more. */
export function useFoundWords(conversationId: string): (hit: SearchHit | null) => void {
  const [hit, setHit] = useState<SearchHit | null>(null);
  useEffect(() => {
    if (hit?.message.conversationId !== conversationId) return;
    const leaving = new AbortController();
    void import("./palette/found-words.ts").then(
      ({ markWords }) => markWords(hit, leaving.signal),
      () => undefined,
    );
    return () => leaving.abort();
  }, [hit, conversationId]);
  return setHit;
}
