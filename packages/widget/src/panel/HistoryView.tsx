import { type Chat, ConversationNav, type Scope, useStrings } from "@chatkeep/react";
import { type ReactNode, useEffect, useId, useState } from "react";

/** What {@link HistoryView} takes. */
export interface HistoryViewProps {
  readonly chat: Chat;
  /** The place of the page; `null` when it has none. */
  readonly scope: Scope | null;
  readonly currentId: string;
  readonly onSelect: (conversationId: string) => void;
}

/** The conversations of this place or of all, and a search in them. */
export function HistoryView({ chat, scope, currentId, onSelect }: HistoryViewProps): ReactNode {
  const strings = useStrings();
  const group = useId();
  const [where, setWhere] = useState<"scope" | "all">(scope === null ? "all" : "scope");
  const query = where === "scope" ? { scope: scope?.id } : {};
  const list = chat.conversations.list(query);
  useEffect(() => void list.refresh(), [list]);
  return (
    <div className="history">
      <div className="history-top">
        {scope !== null && (
          <fieldset className="choice">
            <legend className="ck-hidden">{strings.conversations}</legend>
            {(["scope", "all"] as const).map((each) => (
              <label key={each}>
                <input
                  type="radio"
                  className="ck-hidden"
                  name={group}
                  checked={where === each}
                  onChange={() => setWhere(each)}
                />
                {each === "scope" ? strings.scopeOnly : strings.allScopes}
              </label>
            ))}
          </fieldset>
        )}
      </div>
      <div className="history-list">
        <ConversationNav
          conversations={chat.conversations}
          query={query}
          currentId={currentId}
          addressOf={() => "#"}
          onSelect={onSelect}
          onDelete={({ id }) => void chat.conversations.remove(id)}
        />
      </div>
    </div>
  );
}
