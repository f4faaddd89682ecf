import {
  Button,
  type Citations,
  CitationsContext,
  Icon,
  Notice,
  OfflineNotice,
  ThreadView,
  Welcome,
  titleOf,
  useSnapshot,
  useStrings,
} from "@chatkeep/react";
import { type ReactNode, useMemo, useState } from "react";

import type * as DialogPart from "./dialog.ts";
import { Head } from "./Head.tsx";
import type * as HistoryPart from "./history.ts";
import type { PanelState, Use } from "./panel-state.ts";
import { StyledLater } from "./StyledLater.tsx";

export interface UseViewProps {
  readonly state: PanelState;
  readonly use: Use;
  readonly onClose: () => void;
}

/** The inside of the panel: one conversation, or all of them. */
export function UseView({ state, use, onClose }: UseViewProps): ReactNode {
  const { settings, focus, citing, selection } = state;
  const { person, shown } = use;
  const { chat } = person;
  const strings = useStrings();
  const thread = useSnapshot(shown);
  const known = useSnapshot(chat.known);
  const passage = useSnapshot(citing);
  const messages = useSnapshot(thread).entries.length;
  const [clearing, setClearing] = useState(false);
  const [view, setView] = useState<"thread" | "history">("thread");
  const conversation = known.get(thread.conversationId);
  const lasting = person.storage.lasting();

  const opening = useMemo<Citations>(
    () => ({ addressOf: citing.addressOf, open: (citation) => void citing.open(citation) }),
    [citing],
  );

  const goTo = (go: () => void): void => {
    go();
    setView("thread");
  };

  return (
    <CitationsContext value={opening}>
      <Head
        view={view}
        title={
          conversation === undefined ? (settings.label ?? strings.untitled) : titleOf(conversation, strings)
        }
        place={conversation?.scopeLabel ?? settings.scope?.label ?? null}
        onHistory={() => setView(view === "thread" ? "history" : "thread")}
        onNew={() => goTo(shown.startNew)}
        onClear={messages === 0 ? undefined : () => setClearing(true)}
        onClose={settings.mode === "inline" ? undefined : onClose}
      />
      <div className="notes">
        <OfflineNotice />
        {!lasting && <Notice tone="quiet">{strings.forgetful}</Notice>}
        {passage === "changed" && (
          <Notice
            tone="trouble"
            actions={<Button tone="quiet" label={strings.close} onPress={citing.clear} />}
          >
            {strings.passageChanged}
          </Notice>
        )}
      </div>
      {view === "history" ? (
        <StyledLater
          load={loadHistory}
          className="history-view"
          failed={strings.listFailed}
          props={{
            chat,
            scope: settings.scope,
            currentId: thread.conversationId,
            onSelect: (id, message) => goTo(() => shown.choose(id, message)),
            onDelete: shown.leave,
          }}
        />
      ) : (
        <ThreadView
          key={thread.conversationId}
          chat={chat}
          thread={thread}
          welcome={<Welcome picture={<Icon name="chat" />} place={settings.scope?.label} lasting={lasting} />}
          onNew={shown.startNew}
          selection={selection ?? undefined}
          focus={focus === "in" ? "take" : "leave"}
        />
      )}
      {clearing && (
        <StyledLater
          load={loadDialog}
          className="notes"
          failed={strings.actionFailed}
          props={{
            title: strings.clear,
            action: strings.clear,
            children: strings.clearDetail,
            onConfirm: () => thread.clear(),
            onClose: () => setClearing(false),
          }}
        />
      )}
    </CitationsContext>
  );
}

const loadHistory = (): Promise<typeof HistoryPart> => import("./history.ts");
const loadDialog = (): Promise<typeof DialogPart> => import("./dialog.ts");
