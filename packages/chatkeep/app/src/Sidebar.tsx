import type { Conversation } from "@chatkeep/protocol";
import {
  type ExportFormat,
  type Chat,
  Choice,
  ConversationNav,
  Icon,
  type ListQuery,
  type TextStorage,
  useAllStrings,
  useStrings,
  MoreIcon,
} from "@chatkeep/react";
import { type ReactNode, useState } from "react";

import { Mark } from "./Mark.tsx";
import { COMMAND } from "./platform.ts";
import { SlidersIcon } from "./SlidersIcon.tsx";
import { useAppStrings } from "./useAppStrings.ts";

export interface SidebarProps {
  readonly chat: Chat;
  readonly storage: TextStorage;
  /** What people call who has signed in. */
  readonly name: string;
  readonly currentId: string;
  /** The address of a conversation; of one that has not begun, with `null`. */
  readonly addressOf: (conversationId: string | null) => string;
  readonly onSelect: (conversationId: string) => void;
  readonly onNew: () => void;
  readonly onSearch: () => void;
  readonly onSettings: () => void;
  readonly onDelete: (conversation: Conversation) => void;
  readonly onExport: (conversation: Conversation, format: ExportFormat) => void;
  /** What is said below the list, for a while. */
  readonly notice: ReactNode;
  /** A button that closes it, where it can be closed. */
  readonly close?: ReactNode;
}

type Kind = NonNullable<ListQuery["kind"]>;

/** The conversations of an owner, and what concerns all of them. */
export function Sidebar(props: SidebarProps): ReactNode {
  const { chat, currentId, addressOf, onSelect, onNew, onSearch, onDelete, onExport, notice, close } = props;
  const { untitled, search, conversations, archived, deleted } = useAllStrings();
  const strings = useAppStrings();
  const [kind, setKind] = useState<Kind>("current");
  return (
    <div className="sidebar">
      <div className="sidebar-head">
        {/* For the mouse: Tab stops at the button below, which does as much. */}
        <a
          className="brand"
          href={addressOf(null)}
          tabIndex={-1}
          onClick={(event) => (event.preventDefault(), onNew())}
        >
          <Mark />
          Chatkeep
        </a>
        {close}
      </div>
      <div className="sidebar-actions">
        <button type="button" className="ck-button" onClick={onNew}>
          <Icon name="plus" />
          {untitled}
        </button>
        <button type="button" className="ck-button ck-quiet" onClick={onSearch}>
          <MoreIcon name="search" />
          {search}
          <kbd aria-hidden="true">{COMMAND} K</kbd>
        </button>
        <Choice
          name={conversations}
          chosen={kind}
          options={{ current: strings.current, archived, deleted }}
          onChoose={setKind}
        />
      </div>
      <div className="sidebar-list">
        <ConversationNav
          key={kind}
          conversations={chat.conversations}
          query={{ kind }}
          currentId={currentId}
          addressOf={addressOf}
          onSelect={onSelect}
          onDelete={onDelete}
          onExport={onExport}
        />
      </div>
      {notice}
      <SidebarFoot {...props} />
    </div>
  );
}

function SidebarFoot({ chat, storage, name, onSettings }: SidebarProps): ReactNode {
  const { forgetful } = useStrings();
  const strings = useAppStrings();
  const { owner } = chat;
  const said = owner.kind === "user" ? strings.signedInAs(name) : strings.anonymous;
  return (
    <div className="sidebar-foot">
      <p data-tone={storage.lasting() ? undefined : "trouble"}>{storage.lasting() ? said : forgetful}</p>
      <button
        type="button"
        className="ck-button ck-quiet ck-square"
        aria-label={strings.settings}
        title={strings.settings}
        onClick={onSettings}
      >
        <SlidersIcon />
      </button>
    </div>
  );
}
