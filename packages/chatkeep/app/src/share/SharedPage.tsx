import {
  type Entry,
  type MessageActions,
  Notice,
  ThreadTrouble,
  Transcript,
  createThreads,
  newId,
  openStorage,
  titleOf,
  useRefreshing,
  useScrollKeeper,
  useSnapshot,
  useStrings,
} from "@chatkeep/react";
import { type ReactNode, useEffect, useLayoutEffect, useMemo, useState } from "react";

import type { Who } from "../identity.ts";
import { useAppStrings } from "../useAppStrings.ts";
import { useTask } from "../useTask.ts";
import { SHARED, sharedHistory } from "./shared-history.ts";

export interface SharedPageProps {
  readonly token: string;
  readonly who: Who;
}

/** The messages of a link, and a button that continues them in the reader's own conversation. */
export function SharedPage({ token, who }: SharedPageProps): ReactNode {
  const strings = useStrings();
  const { share } = useAppStrings();
  const chat = useMemo(
    () => createThreads({ ...who, history: sharedHistory(who.history, token), storage: inMemory() }),
    [who, token],
  );
  useEffect(() => () => chat.close(), [chat]);
  const thread = chat.thread(SHARED);
  useLayoutEffect(() => chat.show(thread), [chat, thread]);
  useRefreshing(chat);
  const state = useSnapshot(thread);
  const conversation = useSnapshot(chat.known).get(SHARED);
  const scroll = useScrollKeeper({
    reaches: state.newer === "none" ? "end" : "middle",
    target: state.target,
  });
  const [copyId] = useState(newId);
  const [task, begin] = useTask();
  const actions = useMemo<MessageActions>(
    () => ({
      chat,
      thread,
      extra: undefined,
      edit: nothing,
      keep: nothing,
      showVersion: nothing,
      regenerate: nothing,
      continue: nothing,
    }),
    [chat, thread],
  );
  const title = conversation === undefined ? share.title : titleOf(conversation, strings);
  useEffect(() => {
    document.title = `${title} · Chatkeep`;
  }, [title]);
  const goOn = (): void =>
    begin(async () => {
      // With this id a copy that broke off goes on.
      const { id } = await who.history.forkShared(who.owner, token, { id: copyId });
      location.assign(`./?c=${encodeURIComponent(id)}`);
      return null;
    });
  const name = conversation?.scopeLabel ?? null;
  const isGone = state.status === "missing";
  return (
    <div className="ck page">
      <main className="main">
        <header className="head">
          <h1 title={title}>{title}</h1>
          {name !== null && <span className="quiet shared-by">{share.by(name)}</span>}
        </header>
        <div className="ck-thread">
          {isGone ? (
            <div className="banner">
              <Notice tone="trouble">{share.gone}</Notice>
            </div>
          ) : state.entries.length === 0 && state.status !== "ready" ? (
            <ThreadTrouble thread={thread} state={state} onNew={nothing} />
          ) : (
            <Transcript
              thread={thread}
              state={{ ...state, entries: state.entries.map(readOnly) }}
              actions={actions}
              scroll={scroll}
            />
          )}
          {!isGone && (
            <div className="shared-foot">
              {task.status === "failed" && (
                <div role="alert">
                  <Notice tone="trouble">{task.sentence}</Notice>
                </div>
              )}
              <p className="quiet">{share.copyDetail}</p>
              <button
                type="button"
                className="ck-button ck-primary"
                disabled={task.status === "doing"}
                onClick={goOn}
              >
                {share.goOn}
              </button>
            </div>
          )}
        </div>
      </main>
    </div>
  );
}

function nothing(): void {}

function inMemory() {
  return openStorage(() => {
    throw new Error("Nothing is kept of somebody else's conversation.");
  });
}

const known = new WeakMap<Entry, Entry>();

/** An entry that can only be copied. Returns one object for each entry, so that nothing is rendered again. */
function readOnly(entry: Entry): Entry {
  const before = known.get(entry);
  if (before !== undefined) return before;
  const shown: Entry = { ...entry, seq: null, delivery: "shared" };
  known.set(entry, shown);
  return shown;
}
