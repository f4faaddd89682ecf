import type { Conversation } from "@chatkeep/protocol";
import { type MouseEvent, type ReactNode, useId } from "react";

import { useSnapshot } from "../hooks/useSnapshot.ts";
import { useStrings } from "../hooks/useStrings.ts";
import { ageOf } from "../state/age.ts";
import type { ConversationList } from "../state/conversation-list.ts";
import { monthIn, yearIn } from "../strings/format.ts";
import type { Strings } from "../strings/strings.ts";
import { Icon } from "./Icon.tsx";
import { Notice } from "./Notice.tsx";

/** What {@link ConversationNav} takes. */
export interface ConversationNavProps {
  readonly list: ConversationList;
  /** The conversation that is shown. */
  readonly currentId: string;
  /** The address of a conversation, so that it can be opened in a tab of its own. */
  readonly addressOf: (conversationId: string) => string;
  readonly onSelect: (conversationId: string) => void;
  readonly onDelete: (conversation: Conversation) => void;
}

/** The list of conversations by last activity, grouped by days of the viewer's time zone. */
export function ConversationNav(props: ConversationNavProps): ReactNode {
  const { list } = props;
  const strings = useStrings();
  const state = useSnapshot(list);
  const retry = (
    <button type="button" className="ck-button" onClick={() => void list.refresh()}>
      <Icon name="retry" />
      {strings.retry}
    </button>
  );
  return (
    <nav className="ck-nav" aria-label={strings.conversations} aria-busy={state.status === "loading"}>
      {state.status === "loading" && state.conversations.length === 0 && <NavSkeleton />}
      {state.status === "failed" && (
        <Notice tone="trouble" actions={retry}>
          {strings.listFailed} {state.failure}
        </Notice>
      )}
      {state.status === "ready" && state.conversations.length === 0 && (
        <p className="ck-nav-empty">{strings.noConversations}</p>
      )}
      {groupsOf(state.conversations, strings).map((group) => (
        <Group key={group.name} {...group} {...props} />
      ))}
      {state.more !== "none" && (
        <button
          type="button"
          className="ck-button ck-quiet"
          disabled={state.more === "loading"}
          onClick={() => void list.loadMore()}
        >
          {state.more === "failed" ? strings.retry : strings.loadMore}
        </button>
      )}
    </nav>
  );
}

interface ConversationGroup {
  readonly name: string;
  readonly members: readonly Conversation[];
}

function groupsOf(conversations: readonly Conversation[], strings: Strings): ConversationGroup[] {
  const now = new Date();
  const groups = new Map<string, Conversation[]>();
  const add = (name: string, conversation: Conversation): void => {
    const members = groups.get(name);
    if (members === undefined) groups.set(name, [conversation]);
    else members.push(conversation);
  };
  for (const conversation of conversations)
    if (conversation.pinnedAt !== null) add(strings.pinned, conversation);
  for (const conversation of conversations)
    if (conversation.pinnedAt === null) add(ageName(conversation, now, strings), conversation);
  return [...groups].map(([name, members]) => ({ name, members }));
}

function ageName(conversation: Conversation, now: Date, strings: Strings): string {
  const age = ageOf(new Date(conversation.updatedAt), now);
  if (age.kind === "month") return monthIn(strings, age.date);
  return age.kind === "year" ? yearIn(strings, age.date) : strings[age.kind];
}

function Group({ name, members, ...props }: ConversationGroup & ConversationNavProps): ReactNode {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{name}</h2>
      <ul>
        {members.map((conversation) => (
          <Row key={conversation.id} conversation={conversation} {...props} />
        ))}
      </ul>
    </section>
  );
}

function Row(props: ConversationNavProps & { readonly conversation: Conversation }): ReactNode {
  const { conversation, currentId, addressOf, onSelect, onDelete } = props;
  const strings = useStrings();
  const title = titleOf(conversation, strings);
  const select = (event: MouseEvent): void => {
    // With a modifier the browser opens a tab or a window, as with any link.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    onSelect(conversation.id);
  };
  return (
    <li className="ck-nav-row">
      <a
        href={addressOf(conversation.id)}
        aria-current={conversation.id === currentId ? "page" : undefined}
        title={title}
        onClick={select}
      >
        <span className="ck-nav-title">{title}</span>
        {conversation.runningTurn !== null && (
          <span className="ck-running">
            <span className="ck-hidden">{strings.running}</span>
          </span>
        )}
      </a>
      <button
        type="button"
        className="ck-button ck-quiet ck-square"
        aria-label={strings.deleteNamed(title)}
        title={strings.deleteNamed(title)}
        onClick={() => onDelete(conversation)}
      >
        <Icon name="trash" />
      </button>
    </li>
  );
}

/** What people read of a conversation: its title, else how it begins. */
export function titleOf(conversation: Conversation, strings: Strings): string {
  return conversation.title ?? conversation.preview ?? strings.untitled;
}

function NavSkeleton(): ReactNode {
  return (
    <div className="ck-skeleton" aria-hidden="true">
      <span />
      <span />
      <span />
      <span />
    </div>
  );
}
