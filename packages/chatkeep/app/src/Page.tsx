import type { Conversation } from "@chatkeep/protocol";
import {
  type Chat,
  ConfirmDialog,
  ENGLISH,
  Notice,
  type TextStorage,
  ThreadView,
  titleOf,
  useSnapshot,
} from "@chatkeep/react";
import { type ReactNode, useEffect, useState } from "react";

import { createAddress } from "./address.ts";
import { Drawer } from "./Drawer.tsx";
import { Header } from "./Header.tsx";
import { usePageKeys } from "./keys.ts";
import { Sidebar } from "./Sidebar.tsx";
import { useSuggestions } from "./suggestions.ts";
import type { Theme } from "./theme.ts";
import { useMedia } from "./useMedia.ts";
import { useOnline } from "./useOnline.ts";
import { Welcome } from "./Welcome.tsx";

/** What {@link Page} takes. */
export interface PageProps {
  readonly chat: Chat;
  readonly storage: TextStorage;
  readonly theme: Theme;
}

/** The full page: the conversations of this browser, and the one that the address names. */
export function Page({ chat, storage, theme }: PageProps): ReactNode {
  const [address] = useState(createAddress);
  const id = useSnapshot(address);
  const thread = id === null ? chat.newThread() : chat.thread(id);
  const { known } = useSnapshot(chat.conversations);
  const suggestions = useSuggestions();
  const wide = useMedia("(min-width: 52rem)");
  const online = useOnline();
  const [menu, setMenu] = useState<"open" | "closed">("closed");
  const [deleting, setDeleting] = useState<Conversation | null>(null);

  const conversation = known.get(thread.conversationId);
  const unknown = id === null ? ENGLISH.untitled : "Conversation";
  const title = conversation === undefined ? unknown : titleOf(conversation, ENGLISH);

  useEffect(() => {
    chat.refresh();
    const refresh = (): void => void (document.visibilityState === "visible" && chat.refresh());
    document.addEventListener("visibilitychange", refresh);
    addEventListener("online", refresh);
    return () => {
      document.removeEventListener("visibilitychange", refresh);
      removeEventListener("online", refresh);
    };
  }, [chat]);
  useEffect(() => {
    document.title = conversation === undefined ? "Chatkeep" : `${title} · Chatkeep`;
  }, [conversation, title]);

  const goTo = (conversationId: string | null): void => {
    setMenu("closed");
    address.push(conversationId);
  };
  const onNew = (): void => goTo(null);
  const ask = (question: string): void => {
    thread.send(question);
    address.push(thread.conversationId);
  };
  usePageKeys({ onNew, onStop: () => void thread.stop() });

  const sidebar = (close?: ReactNode): ReactNode => (
    <Sidebar
      chat={chat}
      storage={storage}
      theme={theme}
      currentId={thread.conversationId}
      addressOf={address.of}
      onSelect={goTo}
      onNew={onNew}
      onDelete={setDeleting}
      close={close}
    />
  );

  return (
    <div className="ck page">
      {wide && <aside className="aside">{sidebar()}</aside>}
      {!wide && menu === "open" && <Drawer onClose={() => setMenu("closed")}>{sidebar}</Drawer>}
      <main className="main">
        <Header
          title={title}
          onMenu={wide ? undefined : () => setMenu("open")}
          onNew={wide ? undefined : onNew}
          onDelete={conversation === undefined ? undefined : () => setDeleting(conversation)}
        />
        {!online && (
          <div className="banner">
            <Notice tone="trouble">You are offline. What you ask is sent when the network returns.</Notice>
          </div>
        )}
        <ThreadView
          key={thread.conversationId}
          chat={chat}
          thread={thread}
          welcome={<Welcome suggestions={suggestions} ask={ask} />}
          onSend={() => address.push(thread.conversationId)}
          onNew={onNew}
        />
      </main>
      {deleting !== null && (
        <ConfirmDialog
          title="Delete this conversation?"
          action="Delete"
          onClose={() => setDeleting(null)}
          onConfirm={async () => {
            await chat.conversations.remove(deleting.id);
            if (deleting.id === address.getSnapshot()) address.replace(null);
          }}
        >
          “{titleOf(deleting, ENGLISH)}” and its messages are deleted.
        </ConfirmDialog>
      )}
    </div>
  );
}
