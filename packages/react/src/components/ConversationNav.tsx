import type { Conversation } from "@chatkeep/protocol";
import { type ReactNode, useEffect, useId, useState } from "react";

import { useAllStrings } from "../hooks/useAllStrings.ts";
import { useKeptFocus } from "../hooks/useKeptFocus.ts";
import { useSnapshot } from "../hooks/useSnapshot.ts";
import { ageOf } from "../state/age.ts";
import type { ListQuery } from "../state/conversations.ts";
import { sentenceOf } from "../state/failure.ts";
import type { Strings } from "../strings/en.ts";
import { monthIn, yearIn } from "../strings/format.ts";
import { ConversationRow, type ConversationRowProps } from "./ConversationRow.tsx";
import { Notice } from "./Notice.tsx";
import { RetryButton } from "./RetryButton.tsx";

export interface ConversationNavProps extends Omit<
  ConversationRowProps,
  "conversation" | "kind" | "onFailure"
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
  const [failure, setFailure] = useState<string | null>(null);
  const empty = {
    current: strings.noConversations,
    archived: strings.noArchived,
    deleted: strings.noDeleted,
  };
  const close = (
    <button type="button" className="ck-button" onClick={() => setFailure(null)}>
      {strings.close}
    </button>
  );
  return (
    <nav
      {...keptFocus}
      className="ck-nav"
      aria-label={strings.conversations}
      aria-busy={state.status === "loading"}
    >
      {failure !== null && (
        <div role="alert">
          <Notice tone="trouble" actions={close}>
            <strong>{strings.actionFailed}</strong> {failure}
          </Notice>
        </div>
      )}
      {state.status === "loading" && state.conversations.length === 0 && <NavSkeleton />}
      {state.status === "failed" && (
        <Notice tone="trouble" actions={<RetryButton onPress={() => void list.refresh()} />}>
          {strings.listFailed} {state.failure}
        </Notice>
      )}
      {state.status === "ready" && state.conversations.length === 0 && (
        <p className="ck-nav-empty">{empty[kind]}</p>
      )}
      {groupsOf(state.conversations, strings).map(({ name, members }) => (
        <Group key={name} name={name}>
          {members.map((conversation) => (
            <ConversationRow
              {...props}
              key={conversation.id}
              conversation={conversation}
              kind={kind}
              onFailure={(error) => setFailure(sentenceOf(error))}
            />
          ))}
        </Group>
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
