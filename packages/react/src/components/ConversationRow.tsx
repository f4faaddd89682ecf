import type { Conversation } from "@chatkeep/protocol";
import { type MouseEvent, type ReactNode, useLayoutEffect, useRef, useState } from "react";

import { useAllStrings } from "../hooks/useAllStrings.ts";
import type { Conversations } from "../state/conversations.ts";
import { titleOf } from "../state/title.ts";
import { ActionMenu } from "./ActionMenu.tsx";
import { Icon } from "./Icon.tsx";
import { MoreIcon } from "./MoreIcon.tsx";
import { TitleField } from "./TitleField.tsx";

export interface ConversationRowProps {
  readonly conversation: Conversation;
  readonly kind: "current" | "archived" | "deleted";
  readonly conversations: Conversations;
  /** The conversation that is shown. */
  readonly currentId: string;
  /** The address of a conversation, so that it can be opened in a tab of its own. */
  readonly addressOf: (conversationId: string) => string;
  readonly onSelect: (conversationId: string) => void;
  readonly onDelete: (conversation: Conversation) => void;
  /** Offers a conversation as a file; the menu has no such buttons without it. */
  readonly onExport?: ((conversation: Conversation, format: "markdown" | "json") => void) | undefined;
  /** Told of what could not be done. */
  readonly onFailure: (error: unknown) => void;
}

/** A conversation in a list: a link to it, and what can be done with it. */
export function ConversationRow(props: ConversationRowProps): ReactNode {
  const { conversation, kind, conversations, currentId, addressOf, onSelect, onFailure } = props;
  const strings = useAllStrings();
  const [renaming, setRenaming] = useState(false);
  const link = useRef<HTMLAnchorElement>(null);
  const endedBy = useRef<"key" | "leaving">("leaving");
  useLayoutEffect(() => {
    if (!renaming && endedBy.current === "key") link.current?.focus();
    endedBy.current = "leaving";
  }, [renaming]);
  const title = titleOf(conversation, strings);
  const select = (event: MouseEvent): void => {
    // With a modifier the browser opens a tab or a window, as with any link.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    onSelect(conversation.id);
  };

  if (renaming) {
    return (
      <li className="ck-nav-row">
        <TitleField
          title={conversation.title ?? ""}
          onEnd={(named, by) => {
            endedBy.current = by;
            setRenaming(false);
            if (named !== null) conversations.update(conversation.id, { title: named }).catch(onFailure);
          }}
        />
      </li>
    );
  }
  const words = <span className="ck-nav-title">{title}</span>;
  return (
    <li className="ck-nav-row">
      {kind === "deleted" ? (
        <span className="ck-nav-link">{words}</span>
      ) : (
        <a
          ref={link}
          className="ck-nav-link"
          href={addressOf(conversation.id)}
          aria-current={conversation.id === currentId ? "page" : undefined}
          title={title}
          onClick={select}
        >
          {words}
          {conversation.runningTurn !== null && (
            <span className="ck-running">
              <span className="ck-hidden">{strings.statuses.streaming}</span>
            </span>
          )}
        </a>
      )}
      <ActionMenu label={strings.actionsFor(title)}>
        <Actions {...props} onRename={() => setRenaming(true)} />
      </ActionMenu>
    </li>
  );
}

function Actions(props: ConversationRowProps & { readonly onRename: () => void }): ReactNode {
  const { conversation, kind, conversations, onRename, onDelete, onExport, onFailure } = props;
  const { id, pinnedAt } = conversation;
  const strings = useAllStrings();
  const update = (patch: Parameters<Conversations["update"]>[1]) => (): void => {
    conversations.update(id, patch).catch(onFailure);
  };
  if (kind === "deleted") {
    return (
      <Action icon={<MoreIcon name="undo" />} onAct={() => void conversations.restore(id).catch(onFailure)}>
        {strings.restore}
      </Action>
    );
  }
  const isArchived = kind === "archived";
  return (
    <>
      <Action icon={<Icon name="edit" />} onAct={onRename}>
        {strings.rename}
      </Action>
      {!isArchived && (
        <Action icon={<MoreIcon name="pin" />} onAct={update({ pinned: pinnedAt === null })}>
          {pinnedAt === null ? strings.pin : strings.unpin}
        </Action>
      )}
      <Action icon={<MoreIcon name="archive" />} onAct={update({ archived: !isArchived })}>
        {isArchived ? strings.unarchive : strings.archive}
      </Action>
      {onExport !== undefined && (
        <>
          <Action icon={<MoreIcon name="download" />} onAct={() => onExport(conversation, "markdown")}>
            {strings.exportMarkdown}
          </Action>
          <Action icon={<MoreIcon name="download" />} onAct={() => onExport(conversation, "json")}>
            {strings.exportJson}
          </Action>
        </>
      )}
      <Action icon={<Icon name="trash" />} onAct={() => onDelete(conversation)}>
        {strings.delete}
      </Action>
    </>
  );
}

interface ActionProps {
  readonly icon: ReactNode;
  readonly onAct: () => void;
  readonly children: string;
}

function Action({ icon, onAct, children }: ActionProps): ReactNode {
  return (
    <button type="button" className="ck-button ck-quiet" onClick={onAct}>
      {icon}
      {children}
    </button>
  );
}
