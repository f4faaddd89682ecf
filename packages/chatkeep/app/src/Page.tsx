import type { Conversation, SearchHit, Shares } from "@chatkeep/protocol";
import {
  type Chat,
  type ExportFormat,
  IconButton,
  MessageAddressContext,
  Notice,
  OfflineNotice,
  type TextStorage,
  ThreadView,
  UndoNotice,
  exportConversation,
  Later,
  feedbackActions,
  loadAttach,
  titleOf,
  useMedia,
  useRefreshing,
  useSnapshot,
  useAllStrings,
} from "@chatkeep/react";
import { type ReactNode, useEffect, useState } from "react";

import type { Address } from "./address.ts";
import { AppWelcome } from "./AppWelcome.tsx";
import { useDocuments } from "./documents.ts";
import { download } from "./download.ts";
import { Drawer } from "./Drawer.tsx";
import { exportedConversation } from "./exported-conversation.ts";
import { Header } from "./Header.tsx";
import type { Who } from "./identity.ts";
import { KeyboardDialog } from "./KeyboardDialog.tsx";
import { focusComposer, usePageKeys } from "./keys.ts";
import { PaletteDialog } from "./PaletteDialog.tsx";
import { quoteOf } from "./quote.ts";
import { QuoteButton } from "./QuoteButton.tsx";
import type * as ShareDialogPart from "./share/ShareDialog.tsx";
import type { SidebarState } from "./sidebar-state.ts";
import { Sidebar } from "./Sidebar.tsx";
import { SignInNotice } from "./SignInNotice.tsx";
import type { Theme } from "./theme.ts";
import { useAppStrings } from "./useAppStrings.ts";
import { useFoundWords } from "./useFoundWords.ts";
import { useLinkedMessage } from "./useLinkedMessage.ts";
import { useTask } from "./useTask.ts";

const loadShare = (): Promise<typeof ShareDialogPart> => import("./share/ShareDialog.tsx");

export interface PageProps {
  readonly chat: Chat;
  readonly address: Address;
  /** Makes links. */
  readonly shares: Shares;
  /** Of requests beside those of `chat`. */
  readonly headers: Who["headers"];
  readonly storage: TextStorage;
  /** What people call who has signed in. */
  readonly name: string;
  readonly theme: Theme;
  readonly sidebar: SidebarState;
  readonly onSettings: () => void;
}

/** The conversations of an owner, and the one that the address names. */
export function Page({
  chat,
  headers,
  address,
  shares,
  storage,
  name,
  theme,
  sidebar,
  onSettings,
}: PageProps): ReactNode {
  const id = useSnapshot(address);
  const thread = id === null ? chat.newThread() : chat.thread(id);
  const { known } = useSnapshot(chat.conversations);
  const strings = useAllStrings();
  const appStrings = useAppStrings();
  const documents = useDocuments();
  const wide = useMedia("(min-width: 52rem)");
  const beside = useSnapshot(sidebar) === "shown" && wide;
  const [menu, setMenu] = useState<"open" | "closed">("closed");
  const [dialog, setDialog] = useState<"palette" | "keyboard" | "share" | null>(null);
  /** The conversation that was shown when it was deleted: Undo returns to it. */
  const [left, setLeft] = useState<string | null>(null);
  const [task, begin] = useTask();
  const quote = quoteOf(thread);
  useLinkedMessage(chat, thread, address);
  const setFound = useFoundWords(thread.conversationId);

  const conversation = known.get(thread.conversationId);
  const title =
    conversation !== undefined
      ? titleOf(conversation, strings)
      : id === null
        ? strings.untitled
        : appStrings.conversation;
  useRefreshing(chat);
  useEffect(() => {
    document.title = conversation === undefined ? "Chatkeep" : `${title} · Chatkeep`;
  }, [conversation, title]);

  const goTo = (conversationId: string | null): void => {
    setMenu("closed");
    setFound(null);
    address.push(conversationId);
  };
  const onNew = (): void => goTo(null);
  const openHit = (hit: SearchHit): void => {
    const { message } = hit;
    goTo(message.conversationId);
    void chat.thread(message.conversationId).goTo(message.seq, message.id);
    setFound(hit);
  };
  const ask = (question: string): void => {
    thread.send(question);
    address.push(thread.conversationId);
  };
  const remove = (deleted: Conversation): void =>
    begin(async () => {
      await chat.conversations.remove(deleted.id);
      const wasShown = deleted.id === address.getSnapshot();
      setLeft(wasShown ? deleted.id : null);
      if (wasShown) address.replace(null);
      return null;
    });
  const save = ({ id: conversationId }: Conversation, format: ExportFormat): void =>
    begin(async () => {
      const { history, owner } = chat;
      download(
        format === "markdown"
          ? await exportConversation({ history, owner, conversationId, format, strings })
          : await exportedConversation({ headers }, conversationId, format),
      );
      return null;
    });
  usePageKeys({
    onNew,
    onSearch: () => setDialog("palette"),
    onHelp: () => setDialog("keyboard"),
    onStop() {
      setFound(null);
      void thread.stop();
    },
  });

  const notice = (
    <div className="notice">
      <UndoNotice
        conversations={chat.conversations}
        onRestore={(restored) => restored === left && address.replace(restored)}
      />
      {task.status === "failed" && (
        <div role="alert">
          <Notice tone="trouble">
            <strong>{strings.actionFailed}</strong> {task.sentence}
          </Notice>
        </div>
      )}
    </div>
  );
  const list = (close?: ReactNode): ReactNode => (
    <Sidebar
      chat={chat}
      storage={storage}
      name={name}
      currentId={thread.conversationId}
      addressOf={address.of}
      onSelect={goTo}
      onNew={onNew}
      onSearch={() => {
        setMenu("closed");
        setDialog("palette");
      }}
      onSettings={() => {
        setMenu("closed");
        onSettings();
      }}
      onDelete={remove}
      onExport={save}
      notice={notice}
      close={close}
    />
  );

  return (
    <MessageAddressContext value={address.ofMessage}>
      <div className="ck page">
        <button type="button" className="ck-button skip" onClick={focusComposer}>
          {appStrings.skip}
        </button>
        {beside && (
          <aside className="aside">
            {list(<IconButton icon="menu" label={appStrings.closeList} onPress={sidebar.toggle} />)}
          </aside>
        )}
        {!wide && menu === "open" && <Drawer onClose={() => setMenu("closed")}>{list}</Drawer>}
        <main className="main">
          <Header
            title={title}
            onMenu={beside ? undefined : wide ? sidebar.toggle : () => setMenu("open")}
            onNew={beside ? undefined : onNew}
            onShare={conversation === undefined ? undefined : () => setDialog("share")}
            onDelete={conversation === undefined ? undefined : () => remove(conversation)}
          />
          <div className="banner">
            <OfflineNotice />
            <SignInNotice />
            {!beside && menu === "closed" && notice}
          </div>
          <ThreadView
            key={thread.conversationId}
            chat={chat}
            thread={thread}
            welcome={<AppWelcome documents={documents} lasting={storage.lasting()} ask={ask} />}
            onSend={() => address.push(thread.conversationId)}
            onNew={onNew}
            attach={loadAttach}
            selection={quote}
            extraActions={feedbackActions}
          />
        </main>
        <QuoteButton quote={quote} />
        {dialog === "palette" && (
          <PaletteDialog
            chat={chat}
            shown={conversation}
            addressOf={address.of}
            onSelect={goTo}
            onOpen={openHit}
            onNew={onNew}
            onSettings={onSettings}
            onHelp={() => setDialog("keyboard")}
            onTheme={theme.choose}
            onSidebar={wide ? sidebar.toggle : undefined}
            onUpdate={({ id: changed }, patch) =>
              begin(() => chat.conversations.update(changed, patch).then(() => null))
            }
            onExport={save}
            onDelete={remove}
            // What was chosen in it may have opened another.
            onClose={() => setDialog((now) => (now === "palette" ? null : now))}
          />
        )}
        {dialog === "share" && (
          <Later load={loadShare} failed={strings.actionFailed}>
            {({ ShareDialog }) => (
              <ShareDialog
                history={shares}
                owner={chat.owner}
                conversationId={thread.conversationId}
                onClose={() => setDialog(null)}
              />
            )}
          </Later>
        )}
        {dialog === "keyboard" && <KeyboardDialog onClose={() => setDialog(null)} />}
      </div>
    </MessageAddressContext>
  );
}
