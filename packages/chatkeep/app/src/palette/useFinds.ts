import { type Chat, type Search, type SearchState, createSearch, useSnapshot } from "@chatkeep/react";
import { useEffect, useState } from "react";

/** The results for a text. */
export interface Finds {
  readonly found: SearchState;
  /** Whether something is still being looked for. */
  readonly busy: boolean;
  readonly search: Search;
}

/** Looks for conversations by their titles, and for messages, while a person types. */
export function useFinds(chat: Chat, text: string): Finds {
  const [search] = useState(() => createSearch({ history: chat.history, owner: chat.owner }));
  const found = useSnapshot(search);
  useEffect(() => () => search.close(), [search]);
  useEffect(() => search.set(text), [search, text]);
  const isCurrent = found.text === text && found.status !== "searching";
  return { found, busy: text.trim() !== "" && !isCurrent, search };
}
