import type { ReactNode } from "react";

import type { Entry } from "../state/thread/entry.ts";
import type { Thread } from "../state/thread/thread.ts";
import type { Threads } from "../state/threads.ts";

/** What can be done with a message by its id, and with its turn and its number. */
export interface MessageActions {
  readonly chat: Threads;
  readonly thread: Thread;
  /** Takes back a question that is not sent. */
  readonly edit: (id: string) => void;
  /** Keeps what was typed in an edit whose question is not shown any more. */
  readonly keep: (text: string) => void;
  /** More buttons of an answer. */
  readonly extra: ((entry: Entry, actions: MessageActions) => ReactNode) | undefined;
  readonly showVersion: (id: string, step: -1 | 1) => void;
  readonly regenerate: (id: string) => void;
  /** Goes on from an answer. */
  readonly continue: (id: string) => void;
}
