import type { Conversation } from "@chatkeep/protocol";
import { type Chat, ConversationNav, Icon, type TextStorage } from "@chatkeep/react";
import type { ReactNode } from "react";

import { Mark } from "./Mark.tsx";
import type { Theme } from "./theme.ts";
import { ThemeChoice } from "./ThemeChoice.tsx";

/** What {@link Sidebar} takes. */
export interface SidebarProps {
  readonly chat: Chat;
  readonly storage: TextStorage;
  readonly theme: Theme;
  readonly currentId: string;
  readonly addressOf: (conversationId: string) => string;
  readonly onSelect: (conversationId: string) => void;
  readonly onNew: () => void;
  readonly onDelete: (conversation: Conversation) => void;
  /** A button that closes it, where it can be closed. */
  readonly close?: ReactNode;
}

/** The conversations of this browser, and what concerns all of them. */
export function Sidebar(props: SidebarProps): ReactNode {
  const { chat, storage, theme, currentId, addressOf, onSelect, onNew, onDelete, close } = props;
  return (
    <div className="sidebar">
      <div className="sidebar-head">
        <a className="brand" href={addressOf("")} onClick={(event) => (event.preventDefault(), onNew())}>
          <Mark />
          Chatkeep
        </a>
        {close}
      </div>
      <button type="button" className="ck-button sidebar-new" onClick={onNew}>
        <Icon name="plus" />
        New conversation
      </button>
      <div className="sidebar-list">
        <ConversationNav
          conversations={chat.conversations}
          currentId={currentId}
          addressOf={addressOf}
          onSelect={onSelect}
          onDelete={onDelete}
        />
      </div>
      <div className="sidebar-foot">
        <p data-tone={storage.lasting() ? undefined : "trouble"}>
          {storage.lasting()
            ? "No account: these conversations belong to this browser."
            : "This browser remembers nothing for this page: you cannot return to these conversations after closing it."}
        </p>
        <ThemeChoice theme={theme} />
      </div>
    </div>
  );
}
