import { isSessionId } from "@chatkeep/protocol";

import { newId } from "./identifier.ts";
import { type Readable, createValue } from "./snapshot.ts";
import type { TextStorage } from "./storage.ts";

/** Where the session's id is kept. */
export const SESSION_KEY = "chatkeep-session-id";
/** Where an earlier widget kept it; it is taken over, so that its conversations are found again. */
export const EARLIER_SESSION_KEY = "rag-chat-session-id";

/** The anonymous session of this browser: a {@link Readable} of its id. The id is a secret. */
export interface Session extends Readable<string> {
  close(): void;
}

export interface SessionOptions {
  readonly storage: TextStorage;
  /** Makes the id of a new session; default a random UUID v4. */
  readonly createId?: (() => string) | undefined;
  /** Lets one tab at a time make an id; default the page's, which only `https:` and localhost have. */
  readonly locks?: Pick<LockManager, "request"> | undefined;
  /** Tells of writes by other tabs; default the page's window, none where there is no window. */
  readonly events?: Pick<EventTarget, "addEventListener" | "removeEventListener"> | undefined;
  /** How long a new id is left to lie before it is used, in milliseconds; default 60. */
  readonly settleMs?: number | undefined;
}

/**
 * Opens the session: the id that is kept, an earlier widget's, or a new one.
 *
 * Two tabs that load for the first time at once end with the same id. Under a lock one of them makes it
 * where locks exist; browsers show a tab's write to another with a delay, so a new id is read again after
 * `settleMs`, and whatever another tab writes later is taken over.
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { storage, createId = newId, settleMs = 60 } = options;
  const locks = options.locks ?? globalThis.navigator?.locks;
  const events = options.events ?? (typeof window === "undefined" ? undefined : window);

  const kept = (): string | undefined =>
    [SESSION_KEY, EARLIER_SESSION_KEY]
      .map((key) => storage.get(key)?.toLowerCase())
      .find((id) => id !== undefined && isSessionId(id));

  const make = async (): Promise<void> => {
    if (kept() !== undefined) return;
    storage.set(SESSION_KEY, createId());
    if (storage.lasting()) await new Promise((resolve) => setTimeout(resolve, settleMs));
  };

  if (kept() === undefined) await (locks?.request(SESSION_KEY, make) ?? make());
  const id = createValue(kept() ?? createId());
  if (storage.get(SESSION_KEY) !== id.getSnapshot()) storage.set(SESSION_KEY, id.getSnapshot());

  const adopt = (event: Event): void => {
    if ("key" in event && event.key === SESSION_KEY) id.set(kept() ?? id.getSnapshot());
  };
  events?.addEventListener("storage", adopt);

  return {
    getSnapshot: id.getSnapshot,
    subscribe: id.subscribe,
    close: () => events?.removeEventListener("storage", adopt),
  };
}
