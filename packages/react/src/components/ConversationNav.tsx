import type { Conversation } from "@chatkeep/protocol";
import { type ReactNode, useEffect, useId } from "react";

import { useAllStrings } from "../hooks/useAllStrings.ts";
import { useAttempt } from "../hooks/useAttempt.ts";
import { useKeptFocus } from "../hooks/useKeptFocus.ts";
import { useRoving } from "../hooks/useRoving.ts";
import { useSnapshot } from "../hooks/useSnapshot.ts";
import { ageOf } from "../state/age.ts";
import type { ListQuery } from "../state/conversations.ts";
import type { Strings } from "../strings/en.ts";
import { monthIn, yearIn } from "../strings/format.ts";
import { RetryButton } from "./Button.tsx";
import { ConversationRow, type ConversationRowProps } from "./ConversationRow.tsx";
import { MoreButton } from "./MoreButton.tsx";
import { FailureNotice, Notice } from "./Notice.tsx";

export interface ConversationNavProps extends Omit<
  ConversationRowProps,
  "conversation" | "kind" | "attempt" | "isStop"
> {
  /** Which conversations it shows; default the current ones of all scopes. */
  readonly query?: ListQuery | undefined;
}

/** A list of conversations by last activity, grouped by days of the viewer's time zone; read when it appears. */
export function ConversationNav(props: ConversationNavProps): ReactNode {
  const { conversations, query = {} } = props;
  const { kind = "current" } = query;
  const strings = useAllStrings();
  const list = conversations.list(query);
  const state = useSnapshot(list);
  const keptFocus = useKeptFocus();
  useEffect(() => void list.refresh(), [list]);
  const { failure, attempt, clear } = useAttempt();
  const groups = groupsOf(state.conversations, strings);
  const roving = useRoving(
    groups.flatMap(([, members]) => members),
    props.currentId,
  );
  const handlers = {
    ...keptFocus,
    onKeyDown: roving.onKeyDown,
    onFocus(event: Parameters<typeof keptFocus.onFocus>[0]) {
      keptFocus.onFocus(event);
      roving.onFocus(event);
    },
  };
  const empty = {
    current: strings.noConversations,
    archived: strings.noArchived,
    deleted: strings.noDeleted,
  };
  return (
    <nav
      {...handlers}
      className="ck-nav"
      aria-label={strings.conversations}
      aria-busy={state.status === "loading"}
    >
      <FailureNotice failure={failure} onClose={clear} />
      {state.status === "loading" && state.conversations.length === 0 && <NavSkeleton />}
      {state.status === "failed" && (
        <Notice tone="trouble" actions={<RetryButton onPress={() => void list.refresh()} />}>
          {strings.listFailed} {state.failure}
        </Notice>
      )}
      {state.status === "ready" && state.conversations.length === 0 && (
        <p className="ck-nav-empty">{empty[kind]}</p>
      )}
      {groups.map(([name, members]) => (
        <Group key={name} name={name}>
          {members.map((conversation) => (
            <ConversationRow
              {...props}
              key={conversation.id}
              conversation={conversation}
              kind={kind}
              attempt={attempt}
              isStop={conversation.id === roving.stop}
            />
          ))}
        </Group>
      ))}
      <MoreButton more={state.more} onPress={() => void list.loadMore()} />
    </nav>
  );
}

function groupsOf(conversations: readonly Conversation[], strings: Strings): [string, Conversation[]][] {
  const now = new Date();
  const isPinned = ({ pinnedAt }: Conversation): boolean => pinnedAt !== null;
  const pinned = conversations.filter(isPinned);
  const others = Map.groupBy(
    conversations.filter((each) => !isPinned(each)),
    (each) => ageName(each, now, strings),
  );
  return [...(pinned.length === 0 ? [] : [[strings.pinned, pinned] as [string, Conversation[]]]), ...others];
}

function ageName(conversation: Conversation, now: Date, strings: Strings): string {
  const age = ageOf(new Date(conversation.updatedAt), now);
  if (age.kind === "month") return monthIn(strings, age.date);
  return age.kind === "year" ? yearIn(strings, age.date) : strings[age.kind];
}

function Group({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{name}</h2>
      <ul>{children}</ul>
    </section>
  );
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
