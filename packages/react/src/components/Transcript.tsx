import { type ReactNode, useEffect, useRef } from "react";

import type { KeptScroll } from "../hooks/useScrollKeeper.ts";
import { useStrings } from "../hooks/useStrings.ts";
import { type Entry, endOf } from "../state/thread/entry.ts";
import type { MoreMessages, ThreadState } from "../state/thread/thread-state.ts";
import type { Thread } from "../state/thread/thread.ts";
import { Button, RetryButton } from "./Button.tsx";
import type { MessageActions } from "./message-actions.ts";
import { MessageView } from "./MessageView.tsx";
import { Notice } from "./Notice.tsx";
import { Waiting } from "./Waiting.tsx";

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
  const { entries, older, newer, running, status } = state;
  const keyOf = createKeys();
  const waiting =
    newer === "none" && running !== null && !entries.some((entry) => entry.status === "streaming");
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolled with the keyboard
    <section className="ck-scroll" ref={containerRef} aria-label={strings.messages} tabIndex={0}>
      <div className="ck-column" ref={contentRef}>
        {older !== "none" && (
          <Edge key={entries[0]?.id} side="older" more={older} load={thread.loadOlder} root={container} />
        )}
        {status === "failed" && entries.length > 0 && <Unread thread={thread} state={state} />}
        {entries.map((entry) => (
          <MessageView
            key={keyOf(entry)}
            entry={entry}
            actions={actions}
            connection={running?.replyId === endOf(entry) ? running.connection : null}
          />
        ))}
        {newer !== "none" && (
          <Edge key={entries.at(-1)?.id} side="newer" more={newer} load={thread.loadNewer} root={container} />
        )}
        {waiting && <Waiting />}
      </div>
    </section>
  );
}

/** Versions of a question share their key: an edit that is open stays open when another tab has asked a version. */
function createKeys(): (entry: Entry) => string {
  const used = new Set<string>();
  return ({ id, role, parentId }) => {
    const key = `after ${parentId}`;
    if (role !== "user" || parentId === undefined || used.has(key)) return id;
    used.add(key);
    return key;
  };
}

interface UnreadProps {
  readonly thread: Thread;
  readonly state: ThreadState;
}

/** Above what was asked in a conversation whose messages could not be read: it holds more than is shown. */
function Unread({ thread, state }: UnreadProps): ReactNode {
  const strings = useStrings();
  return (
    <Notice tone="trouble" actions={<RetryButton onPress={() => void thread.open()} />}>
      <strong>{strings.historyFailed}.</strong> {state.failure}
    </Notice>
  );
}

interface EdgeProps {
  readonly side: "older" | "newer";
  readonly more: MoreMessages;
  readonly load: () => Promise<void>;
  /** The element that scrolls. */
  readonly root: HTMLElement | null;
}

/** Reads more messages on one side when it comes near to being seen. */
function Edge({ side, more, load, root }: EdgeProps): ReactNode {
  const strings = useStrings();
  const mark = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (mark.current === null || root === null || more !== "more") return;
    // Made anew after every page (the key is its first message): one that stays in sight reports nothing a second time.
    // A busy page is told of several frames at once: the last of them counts.
    const observer = new IntersectionObserver((seen) => seen.at(-1)?.isIntersecting === true && void load(), {
      root,
      rootMargin: "400px 0px",
    });
    observer.observe(mark.current);
    return () => observer.disconnect();
  }, [load, root, more]);
  const [label, failed] =
    side === "older" ? [strings.loadOlder, strings.olderFailed] : [strings.loadNewer, strings.newerFailed];
  return (
    <div className="ck-older" ref={mark}>
      {more === "failed" ? (
        <Notice tone="trouble" actions={<RetryButton onPress={() => void load()} />}>
          {failed}
        </Notice>
      ) : (
        <Button tone="quiet" label={label} disabled={more === "loading"} onPress={() => void load()} />
      )}
    </div>
  );
}
