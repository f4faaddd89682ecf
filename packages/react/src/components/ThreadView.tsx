import { type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

import { useAttempt } from "../hooks/useAttempt.ts";
import { useScrollKeeper } from "../hooks/useScrollKeeper.ts";
import { useSnapshot } from "../hooks/useSnapshot.ts";
import { useStrings } from "../hooks/useStrings.ts";
import { isTouch } from "../state/pointer.ts";
import type { Selection } from "../state/selection.ts";
import type { Thread } from "../state/thread/thread.ts";
import type { Threads } from "../state/threads.ts";
import type { Attached } from "./attach/attached.ts";
import type { loadAttach } from "./attach/load-attach.ts";
import { Composer } from "./Composer.tsx";
import { Icon } from "./Icon.tsx";
import { Later } from "./Later.tsx";
import type { MessageActions } from "./message-actions.ts";
import { FailureNotice } from "./Notice.tsx";
import { SelectedText } from "./SelectedText.tsx";
import { StatusNode } from "./StatusNode.tsx";
import { ThreadTrouble } from "./ThreadTrouble.tsx";
import { Transcript } from "./Transcript.tsx";

/** Give it the conversation's id as `key`: its place and draft are its own. */
export interface ThreadViewProps {
  readonly chat: Threads;
  readonly thread: Thread;
  /** What is shown of a thread in which nothing was asked. */
  readonly welcome: ReactNode;
  /** Called when a question was asked. */
  readonly onSend?: () => void;
  /** Opens a conversation that has not begun. */
  readonly onNew: () => void;
  /** The text of the page that a question is about; default none. */
  readonly selection?: Selection | undefined;
  /** How files are attached to questions: `loadAttach`; default: they are not. Must stay the same function. */
  readonly attach?: typeof loadAttach | undefined;
  /** More buttons of each answer, such as `feedbackActions`; default none. Must stay the same function. */
  readonly extraActions?: MessageActions["extra"];
  /** Whether it takes the focus when it appears; default `take`. On touch screens it never does. */
  readonly focus?: "take" | "leave" | undefined;
}

/** One conversation: its messages and the field for the next question. */
export function ThreadView(props: ThreadViewProps): ReactNode {
  const { chat, thread, welcome, onSend, onNew, selection, attach, extraActions, focus = "take" } = props;
  const strings = useStrings();
  const state = useSnapshot(thread);
  const { newer, target } = state;
  const inMiddle = newer !== "none";
  const scroll = useScrollKeeper({ reaches: inMiddle ? "middle" : "end", target });
  const root = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => chat.draft(thread));
  const [attached, setAttached] = useState<Attached>();
  const { failure, attempt, clear } = useAttempt();

  useLayoutEffect(() => chat.show(thread), [chat, thread]);
  useEffect(() => {
    if (focus === "take") keepFocus();
    // oxlint-disable-next-line react/exhaustive-deps -- only when it appears
  }, []);

  const write = (draft: string): void => {
    setText(draft);
    chat.setDraft(thread, draft);
  };
  const send = (): void => {
    write("");
    thread.send(text, selection?.getSnapshot() ?? null, attached?.files);
    attached?.clear();
    selection?.clear();
    scroll.toEnd();
    keepFocus();
    onSend?.();
  };
  /** Puts it before what is written already. */
  const keep = (before: string): void =>
    write([before, chat.draft(thread)].filter((each) => each !== "").join("\n"));
  /** The button that was pressed goes away, and must not take the focus with it. */
  const keepFocus = (): void => {
    if (!isTouch()) field.current?.focus();
  };
  /** The buttons of a version are gone with it: the focus goes on to those of the version that is shown. */
  const focusVersions = (id: string): void =>
    void requestAnimationFrame(() =>
      root.current
        ?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] .ck-versions > :enabled`)
        ?.focus(),
    );
  const actions = useMemo<MessageActions>(
    () => ({
      chat,
      thread,
      extra: extraActions,
      regenerate(id) {
        attempt(thread.regenerate(id));
        keepFocus();
      },
      continue(id) {
        thread.continue(id, strings.continueText);
        scroll.toEnd();
        keepFocus();
      },
      keep,
      showVersion: (id, by) => attempt(thread.showVersion(id, by).then(focusVersions)),
      edit: (id) =>
        attempt(
          thread.withdraw(id).then((question) => {
            if (question === null) return;
            keep(question.text);
            field.current?.focus();
            return attach?.().then(({ putBack }) => putBack(chat, thread, question.parts));
          }),
        ),
    }),
    // oxlint-disable-next-line react/exhaustive-deps -- what it calls is the same in every rendering
    [chat, thread, strings],
  );

  const empty = (state.status === "new" || state.status === "ready") && state.entries.length === 0;
  const unread = state.status === "failed" || state.status === "loading";
  // Deleted elsewhere while it was shown: gone is gone.
  const troubled = state.status === "missing" || (unread && state.entries.length === 0);
  return (
    <div className="ck-thread" ref={root} data-running={state.running !== null || undefined}>
      <StatusNode outcome={state.outcome} />
      {empty && <div className="ck-scroll">{welcome}</div>}
      {!empty && !troubled && <Transcript thread={thread} state={state} actions={actions} scroll={scroll} />}
      {troubled && <ThreadTrouble thread={thread} state={state} onNew={onNew} />}
      <div className="ck-foot">
        {(!scroll.sticking || inMiddle) && !empty && !troubled && (
          <button
            type="button"
            className="ck-button ck-jump"
            onClick={() => {
              scroll.toEnd();
              void thread.toLatest();
            }}
          >
            <Icon name="down" />
            {strings.jumpToLatest}
          </button>
        )}
        <FailureNotice failure={failure} onClose={clear} />
        {selection !== undefined && state.status !== "missing" && <SelectedText selection={selection} />}
        {state.status !== "missing" && (
          <Composer
            text={text}
            field={field}
            running={state.running}
            attached={attached}
            before={
              attach !== undefined && (
                <Later load={attach} failed={strings.actionFailed}>
                  {({ Attach }) => <Attach chat={chat} thread={thread} onChange={setAttached} />}
                </Later>
              )
            }
            onText={write}
            onStop={() => {
              void thread.stop();
              keepFocus();
            }}
            onSend={send}
          />
        )}
      </div>
    </div>
  );
}
