import type { Conversation } from "@chatkeep/protocol";
import { type ReactNode, useLayoutEffect, useRef, useState } from "react";

import { useAllStrings } from "../hooks/useAllStrings.ts";
import type { Conversations } from "../state/conversations.ts";
import type { ExportFormat } from "../state/export.ts";
import { inPlace } from "../state/in-place.ts";
import { titleOf } from "../state/title.ts";
import { ActionMenu } from "./ActionMenu.tsx";
import { Button, type ButtonProps } from "./Button.tsx";
import { Icon } from "./Icon.tsx";
import { MoreIcon, type MoreIconProps } from "./MoreIcon.tsx";
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
  readonly onExport?: ((conversation: Conversation, format: ExportFormat) => void) | undefined;
  /** Tells of what could not be done. */
  readonly attempt: (work: Promise<unknown>) => void;
  /** Whether Tab stops at it. */
  readonly isStop: boolean;
}

/** A conversation in a list: a link to it, and what can be done with it. */
export function ConversationRow(props: ConversationRowProps): ReactNode {
  const { conversation, kind, conversations, currentId, addressOf, onSelect, attempt } = props;
  const tabIndex = props.isStop ? 0 : -1;
  const strings = useAllStrings();
  const [renaming, setRenaming] = useState(false);
  const link = useRef<HTMLAnchorElement>(null);
  const endedBy = useRef<"key" | "leaving">("leaving");
  useLayoutEffect(() => {
    if (!renaming && endedBy.current === "key") link.current?.focus();
    endedBy.current = "leaving";
  }, [renaming]);
  const title = titleOf(conversation, strings);

  if (renaming) {
    return (
      <li className="ck-nav-row">
        <TitleField
          title={conversation.title ?? ""}
          onEnd={(named, by) => {
            endedBy.current = by;
            setRenaming(false);
            if (named !== null) attempt(conversations.update(conversation.id, { title: named }));
          }}
        />
      </li>
    );
  }
  const words = <span className="ck-nav-title">{title}</span>;
  return (
    <li className="ck-nav-row" data-id={conversation.id}>
      {kind === "deleted" ? (
        <span className="ck-nav-link">{words}</span>
      ) : (
        <a
          ref={link}
          tabIndex={tabIndex}
          className="ck-nav-link"
          href={addressOf(conversation.id)}
          aria-current={conversation.id === currentId ? "page" : undefined}
          title={title}
          onClick={inPlace(() => onSelect(conversation.id))}
        >
          {words}
          {conversation.runningTurn !== null && (
            <span className="ck-dot">
              <span className="ck-hidden">{strings.statuses.streaming}</span>
            </span>
          )}
        </a>
      )}
      <ActionMenu label={strings.actionsFor(title)} tabIndex={tabIndex}>
        <Actions {...props} onRename={() => setRenaming(true)} />
      </ActionMenu>
    </li>
  );
}

function Actions(props: ConversationRowProps & { readonly onRename: () => void }): ReactNode {
  const { conversation, kind, conversations, onRename, onDelete, onExport, attempt } = props;
  const { id, pinnedAt } = conversation;
  const strings = useAllStrings();
  const update = (patch: Parameters<Conversations["update"]>[1]): void =>
    attempt(conversations.update(id, patch));
  if (kind === "deleted") {
    return <Action icon="undo" label={strings.restore} onPress={() => attempt(conversations.restore(id))} />;
  }
  const isArchived = kind === "archived";
  return (
    <>
      <Button tone="quiet" icon={<Icon name="edit" />} label={strings.rename} onPress={onRename} />
      {!isArchived && (
        <Action
          icon="pin"
          label={pinnedAt === null ? strings.pin : strings.unpin}
          onPress={() => update({ pinned: pinnedAt === null })}
        />
      )}
      <Action
        icon="archive"
        label={isArchived ? strings.unarchive : strings.archive}
        onPress={() => update({ archived: !isArchived })}
      />
      {onExport !== undefined && (
        <>
          <Action
            icon="download"
            label={strings.exportMarkdown}
            onPress={() => onExport(conversation, "markdown")}
          />
          <Action icon="download" label={strings.exportHtml} onPress={() => onExport(conversation, "html")} />
          <Action icon="download" label={strings.exportJson} onPress={() => onExport(conversation, "json")} />
        </>
      )}
      <Button
        tone="quiet"
        icon={<Icon name="trash" />}
        label={strings.delete}
        onPress={() => onDelete(conversation)}
      />
    </>
  );
}

interface ActionProps extends Pick<ButtonProps, "label" | "onPress"> {
  readonly icon: MoreIconProps["name"];
}

function Action({ icon, ...props }: ActionProps): ReactNode {
  return <Button {...props} tone="quiet" icon={<MoreIcon name={icon} />} />;
}
