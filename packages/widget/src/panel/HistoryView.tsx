import type { Conversation } from "@chatkeep/protocol";
import {
  Choice,
  ConversationNav,
  FailureNotice,
  type Conversations,
  type Scope,
  type Threads,
  SearchView,
  UndoNotice,
  createConversations,
  createSearch,
  useRefreshing,
  useSnapshot,
  useAllStrings,
  useAttempt,
} from "@chatkeep/react";
import { type ReactNode, useEffect, useMemo, useState } from "react";

interface HistoryViewProps {
  readonly chat: Threads;
  /** The place of the page; `null` when it has none. */
  readonly scope: Scope | null;
  readonly currentId: string;
  /** Goes to a conversation, and in it to the message with this number; `null`: to where it was left. */
  readonly onSelect: (
    conversationId: string,
    message?: { readonly seq: number; readonly id: string },
  ) => void;
  /** Called when a conversation was deleted; it can be restored. */
  readonly onDelete: (conversationId: string) => void;
}

/** The conversations of this place or of all, and a search in them. */
export function HistoryView({ chat, scope, currentId, onSelect, onDelete }: HistoryViewProps): ReactNode {
  const strings = useAllStrings();
  const conversations = conversationsOf(chat);
  useRefreshing(conversations);
  const [where, setWhere] = useState<"scope" | "all">(scope === null ? "all" : "scope");
  const scopeId = where === "scope" ? scope?.id : undefined;
  const query = useMemo(() => ({ scope: scopeId }), [scopeId]);
  const search = useMemo(
    () => createSearch({ history: chat.history, owner: chat.owner, scope: scopeId }),
    [chat, scopeId],
  );
  useEffect(() => () => search.close(), [search]);
  const { status } = useSnapshot(search);
  const { failure, attempt, clear } = useAttempt();
  const remove = ({ id }: Conversation): void => attempt(conversations.remove(id).then(() => onDelete(id)));
  // A conversation has no address of its own here.
  const addressOf = (): string => "#";
  return (
    <div className="history">
      {scope !== null && (
        <Choice
          name={strings.conversations}
          chosen={where}
          options={{ scope: strings.scopeOnly, all: strings.allScopes }}
          onChoose={setWhere}
        />
      )}
      <SearchView search={search} addressOf={addressOf} onOpen={onSelect} />
      <FailureNotice failure={failure} onClose={clear} />
      {status === "idle" && (
        <ConversationNav
          conversations={conversations}
          query={query}
          currentId={currentId}
          addressOf={addressOf}
          onSelect={(id) => onSelect(id)}
          onDelete={remove}
        />
      )}
      <UndoNotice conversations={conversations} />
    </div>
  );
}

/** Outlives the view: what was deleted in it can still be restored. */
const conversationsOfThreads = new WeakMap<Threads, Conversations>();

function conversationsOf(chat: Threads): Conversations {
  const kept = conversationsOfThreads.get(chat) ?? createConversations(chat);
  conversationsOfThreads.set(chat, kept);
  return kept;
}
