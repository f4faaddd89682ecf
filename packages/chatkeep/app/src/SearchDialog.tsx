import type { SearchHit } from "@chatkeep/protocol";
import { type Chat, SearchView, createSearch, useAllStrings } from "@chatkeep/react";
import { type ReactNode, useEffect, useState } from "react";

import { Dialog } from "./Dialog.tsx";

export interface SearchDialogProps {
  readonly chat: Chat;
  readonly addressOf: (conversationId: string) => string;
  readonly onOpen: (hit: SearchHit) => void;
  readonly onClose: () => void;
}

/** Looks for messages in all conversations. */
export function SearchDialog({ chat, addressOf, onOpen, onClose }: SearchDialogProps): ReactNode {
  const strings = useAllStrings();
  const [search] = useState(() => createSearch({ history: chat.history, owner: chat.owner }));
  useEffect(() => () => search.close(), [search]);
  return (
    <Dialog title={strings.search} kind="search" onClose={onClose}>
      <SearchView search={search} addressOf={addressOf} onOpen={onOpen} />
    </Dialog>
  );
}
