import type { Conversation } from "@chatkeep/protocol";
import { type Chat, type Search, type SearchState, createSearch, useSnapshot } from "@chatkeep/react";
import { useEffect, useState } from "react";

import { createTitles } from "./titles.ts";

/** What was found for a text. */
export interface Finds {
  readonly titles: readonly Conversation[];
  readonly messages: SearchState;
  /** Whether something is still being looked for. */
  readonly busy: boolean;
  readonly search: Search;
}

/** Looks for conversations by their titles, and for messages, while a person types. */
export function useFinds(chat: Chat, text: string): Finds {
  const [search] = useState(() => createSearch({ history: chat.history, owner: chat.owner }));
  const [titles] = useState(() => createTitles(chat));
  const [found, setFound] = useState<{ readonly text: string; readonly titles: readonly Conversation[] }>();
  const messages = useSnapshot(search);
  const isIdle = text.trim() === "";

  useEffect(() => () => search.close(), [search]);
  useEffect(() => {
    search.set(text);
    if (isIdle) return;
    let overtaken = false;
    titles.find(text).then(
      (matching) => overtaken || setFound({ text, titles: matching }),
      // The search of messages says what is wrong with the server.
      () => overtaken || setFound({ text, titles: [] }),
    );
    return () => void (overtaken = true);
  }, [search, titles, text, isIdle]);

  const isCurrent = messages.text === text && messages.status !== "searching" && found?.text === text;
  return { titles: isIdle ? [] : (found?.titles ?? []), messages, busy: !isIdle && !isCurrent, search };
}
