import { type ReactNode, useEffect, useRef } from "react";

import type { KeptScroll } from "../hooks/useScrollKeeper.ts";
import { useStrings } from "../hooks/useStrings.ts";
import type { ThreadState } from "../state/thread-state.ts";
import type { Thread } from "../state/thread.ts";
import { Icon } from "./Icon.tsx";
import { type MessageActions, MessageView } from "./MessageView.tsx";
import { Notice } from "./Notice.tsx";
import { Waiting } from "./Waiting.tsx";

/** What {@link Transcript} takes. */
export interface TranscriptProps {
  readonly thread: Thread;
  readonly state: ThreadState;
  readonly actions: MessageActions;
  readonly scroll: KeptScroll;
}

/** The messages of a thread. Not a live region: what is worth saying is said by the status node. */
export function Transcript(props: TranscriptProps): ReactNode {
  const strings = useStrings();
  const { thread, state, actions } = props;
  const { containerRef, contentRef, container } = props.scroll;
  const { entries, older, running, status } = state;
  const waiting = running !== null && !entries.some((entry) => entry.status === "streaming");
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolled with the keyboard
    <section className="ck-scroll" ref={containerRef} aria-label={strings.messages} tabIndex={0}>
      <div className="ck-column" ref={contentRef}>
        {older !== "none" && <Older key={entries[0]?.id} thread={thread} state={state} root={container} />}
        {status === "failed" && entries.length > 0 && <Unread thread={thread} state={state} />}
        {entries.map((entry) => (
          <MessageView
            key={entry.id}
            entry={entry}
            actions={actions}
            connection={running?.replyId === entry.id ? running.connection : null}
          />
        ))}
        {waiting && <Waiting />}
      </div>
    </section>
  );
}

interface UnreadProps {
  readonly thread: Thread;
  readonly state: ThreadState;
}

/** Above what was asked in a conversation whose messages could not be read: it holds more than is shown. */
function Unread({ thread, state }: UnreadProps): ReactNode {
  const strings = useStrings();
  const retry = (
    <button type="button" className="ck-button" onClick={() => void thread.open()}>
      <Icon name="retry" />
      {strings.retry}
    </button>
  );
  return (
    <Notice tone="trouble" actions={retry}>
      <strong>{strings.historyFailed}.</strong> {state.failure}
    </Notice>
  );
}

interface OlderProps {
  readonly thread: Thread;
  readonly state: ThreadState;
  /** The element that scrolls. */
  readonly root: HTMLElement | null;
}

/** Reads older messages when it comes near to being seen. */
function Older({ thread, state, root }: OlderProps): ReactNode {
  const strings = useStrings();
  const mark = useRef<HTMLDivElement>(null);
  const { older } = state;
  useEffect(() => {
    if (mark.current === null || root === null || older !== "more") return;
    // Made anew after every page (the key is its first message): one that stays in sight reports nothing a second time.
    const observer = new IntersectionObserver(
      ([seen]) => seen?.isIntersecting === true && void thread.loadOlder(),
      { root, rootMargin: "400px 0px 0px" },
    );
    observer.observe(mark.current);
    return () => observer.disconnect();
  }, [thread, root, older]);
  return (
    <div className="ck-older" ref={mark}>
      {older === "failed" ? (
        <Notice
          tone="trouble"
          actions={
            <button type="button" className="ck-button" onClick={() => void thread.loadOlder()}>
              <Icon name="retry" />
              {strings.retry}
            </button>
          }
        >
          {strings.olderFailed}
        </Notice>
      ) : (
        <button
          type="button"
          className="ck-button ck-quiet"
          disabled={older === "loading"}
          onClick={() => void thread.loadOlder()}
        >
          {strings.loadOlder}
        </button>
      )}
    </div>
  );
}
