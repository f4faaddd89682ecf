import type { Feedback } from "@chatkeep/protocol";

import { type Readable, createValue } from "./snapshot.ts";
import { type Entry, endOf } from "./thread/entry.ts";
import type { Thread } from "./thread/thread.ts";
import type { Threads } from "./threads.ts";

/** Feedback given in this page and in other tabs of this browser, by {@link keyOf}. It is newer than the entries. */
type Known = ReadonlyMap<string, Feedback | null>;

const known = createValue<Known>(new Map());
const CHANNEL = "chatkeep-feedback";
let channel: BroadcastChannel | undefined;
let sent: Promise<unknown> = Promise.resolve();

/** Feedback that was given since the page was opened. */
export const knownFeedback: Readable<Known> = {
  getSnapshot: known.getSnapshot,
  subscribe(listener) {
    if (channel === undefined && typeof BroadcastChannel === "function") {
      channel = new BroadcastChannel(CHANNEL);
      channel.addEventListener("message", ({ data }: MessageEvent<[string, Feedback | null]>) =>
        note(...data),
      );
    }
    return known.subscribe(listener);
  },
};

export interface Answer {
  readonly chat: Pick<Threads, "history" | "owner">;
  readonly thread: Pick<Thread, "conversationId">;
  readonly entry: Entry;
}

/** The owner's feedback on an answer, as far as this page knows. */
export function feedbackOf(answer: Answer, among: Known): Feedback | null {
  return among.get(keyOf(answer)) ?? (among.has(keyOf(answer)) ? null : (answer.entry.feedback ?? null));
}

/**
 * Shows feedback at once, in all tabs, and stores it. Stores one after another, so that the last one stays. If storing
 * fails, shows the earlier feedback again and throws the history's error.
 */
export async function giveFeedback(answer: Answer, feedback: Feedback | null): Promise<void> {
  const { chat, thread, entry } = answer;
  const key = keyOf(answer);
  const before = feedbackOf(answer, known.getSnapshot());
  note(key, feedback);
  const storing = sent.then(() =>
    chat.history.setFeedback(chat.owner, thread.conversationId, endOf(entry), feedback),
  );
  sent = storing.catch(() => undefined);
  try {
    await storing;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has one origin
    channel?.postMessage([key, feedback]);
  } catch (error) {
    if (known.getSnapshot().get(key) === feedback) note(key, before);
    throw error;
  }
}

function note(key: string, feedback: Feedback | null): void {
  known.set(new Map(known.getSnapshot()).set(key, feedback));
}

function keyOf({ thread, entry }: Answer): string {
  return `${thread.conversationId} ${endOf(entry)}`;
}
