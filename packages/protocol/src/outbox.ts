import { ChatkeepError, isChatkeepError } from "./errors.ts";
import type { History } from "./history.ts";
import type { Owner } from "./owner.ts";
import { createFold } from "./stream/fold.ts";
import type { Question, StartedTurn, TurnEvent } from "./turn.ts";

/** A question that may not be saved yet. */
export interface OutboxEntry {
  readonly conversationId: string;
  /** Its id makes a retry safe: it never asks twice. */
  readonly question: Question & { readonly id: string };
  /** Set when its answer was shown unsaved. The token stores both; see `History.importTurn`. */
  readonly token?: string;
}

/**
 * Storage for an outbox's entries, one record per question id, so that two tabs never overwrite each other's entries.
 */
export interface OutboxStorage {
  /** Loads all entries, oldest first. */
  load(): readonly OutboxEntry[] | Promise<readonly OutboxEntry[]>;
  /** Stores an entry. Replaces one with the same question id. */
  put(entry: OutboxEntry): void | Promise<void>;
  remove(questionId: string): void | Promise<void>;
}

/** Options of {@link createOutbox}. */
export interface OutboxOptions {
  readonly history: Pick<History, "startTurn" | "followTurn" | "importTurn" | "createConversation">;
  readonly owner: Owner;
  /** Default: memory; the entries last as long as the outbox. */
  readonly storage?: OutboxStorage;
  /**
   * Who retries a question that could not be sent: the `outbox` (default), or its `caller`, such as a page where a person
   * can retry or edit it. With `caller`, unsent questions stay in the storage, `send` does not wait for a running turn,
   * and the outbox resends tokens only.
   */
  readonly asks?: "outbox" | "caller";
  /** Creates a conversation that began during the outage. Default: `history.createConversation` with its id. */
  readonly createConversation?: (conversationId: string) => Promise<void>;
  /** Called when the entries change. */
  readonly onChange?: (entries: readonly OutboxEntry[]) => void;
  /** Called when an answer that was shown unsaved is saved. */
  readonly onSaved?: (entry: OutboxEntry) => void;
  /** Called when the `caller` must ask a question again, because the server that signed its token is gone. */
  readonly onReask?: (entry: OutboxEntry) => void;
  /** Called when an entry can never be saved. The outbox then drops it, unless `asks` is `caller`. */
  readonly onRefused?: (entry: OutboxEntry, error: ChatkeepError) => void;
}

/**
 * Sends questions so that none is lost or stored twice. It keeps each question until it is saved and resends it with the
 * same id, in order, after an outage or a reload. For an answer that was shown unsaved it sends the token, which stores
 * the answer as it was shown.
 */
export interface Outbox {
  /**
   * Asks like `History.startTurn`, after any running turn of the conversation has ended. On `unavailable` the question
   * stays in the outbox and is sent again later.
   */
  send(
    conversationId: string,
    question: OutboxEntry["question"],
    options?: { readonly signal?: AbortSignal },
  ): Promise<StartedTurn>;
  /** The questions that may not be saved yet, oldest first, as last read from the storage. */
  entries(): readonly OutboxEntry[];
  /** Removes and returns a question, for editing; `null` when it is being sent or is not in the outbox. */
  withdraw(questionId: string): Promise<OutboxEntry | null>;
  /** Sends all entries now, in order. Resolves when all are saved or the next one cannot be. */
  replay(): Promise<void>;
  /** Stops the timer. The entries stay in the storage. */
  close(): void;
}

/** Milliseconds before the entries are sent again, doubled up to half a minute. */
const BACKOFF = 1000;
const BACKOFF_MOST = 30_000;
/** Errors that keep an entry: each can pass, `unauthenticated` when a login is renewed. */
const PASSING = new Set<string>(["unavailable", "rate_limited", "unauthenticated"]);

/** An outbox for one owner's questions; see {@link Outbox}. */
export async function createOutbox(options: OutboxOptions): Promise<Outbox> {
  const { history, owner, storage, asks = "outbox" } = options;
  const {
    createConversation = async (id: string) => void (await history.createConversation(owner, { id })),
  } = options;
  let entries: readonly OutboxEntry[] = (await storage?.load()) ?? [];
  /** Entries that are being sent, so that a replay leaves them alone. */
  const sending = new Set<string>();
  let backoff = BACKOFF;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let replaying: Promise<void> | undefined;
  let closed = false;

  const change = (next: readonly OutboxEntry[]): void => {
    entries = next;
    options.onChange?.(entries);
  };
  const put = async (entry: OutboxEntry): Promise<void> => {
    change([...entries.filter(({ question }) => question.id !== entry.question.id), entry]);
    await storage?.put(entry);
  };
  const drop = async (id: string): Promise<void> => {
    change(entries.filter(({ question }) => question.id !== id));
    await storage?.remove(id);
  };
  /** A caller, and its other tabs, write to the storage too. */
  const load = async (): Promise<void> => {
    if (asks === "caller" && storage !== undefined) change(await storage.load());
  };
  const find = (id: string): OutboxEntry | undefined => entries.find(({ question }) => question.id === id);
  const isDue = ({ token }: OutboxEntry): boolean => asks === "outbox" || token !== undefined;

  /** Keeps the token of an answer that is shown unsaved; then the entry is due to be sent again. */
  const keepShown = async function* (
    entry: OutboxEntry,
    started: StartedTurn,
  ): AsyncGenerator<TurnEvent, void, void> {
    const fold = createFold();
    try {
      for await (const event of started.events) {
        fold.push(event.chunk);
        yield event;
      }
      const { persisted, token } = fold.answer();
      if (persisted) await drop(entry.question.id);
      else if (token !== null) await put({ ...entry, token });
    } finally {
      sending.delete(entry.question.id);
      schedule();
    }
  };

  const start = ({ conversationId, question }: OutboxEntry, signal?: AbortSignal): Promise<StartedTurn> =>
    whenFree(conversationId, signal, () =>
      history.startTurn(owner, conversationId, question, signal === undefined ? {} : { signal }),
    );

  /** Does it once no other turn of the conversation runs. */
  const whenFree = async <T>(
    conversationId: string,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        const turnId = isChatkeepError(error, "turn_in_progress") ? error.turnId : undefined;
        if (turnId === undefined || asks === "caller") throw error;
        await followToEnd(conversationId, turnId, signal);
      }
    }
  };

  const followToEnd = async (
    conversationId: string,
    turnId: string,
    signal: AbortSignal | undefined,
  ): Promise<void> => {
    try {
      const events = history.followTurn(owner, conversationId, turnId, { signal });
      for await (const _ of events) {
        // Only its end counts.
      }
    } catch (error) {
      // Settled in the meantime, or cleared: either way it runs no more.
      if (!isChatkeepError(error, "events_expired") && !isChatkeepError(error, "turn_not_found")) throw error;
    }
    signal?.throwIfAborted();
  };

  const send: Outbox["send"] = async (conversationId, question, { signal } = {}) => {
    const entry: OutboxEntry = { conversationId, question };
    sending.add(question.id);
    await put(entry);
    try {
      const started = await start(entry, signal);
      if (!started.turn.persisted) return { ...started, events: keepShown(entry, started) };
      await drop(question.id);
      sending.delete(question.id);
      return started;
    } catch (error) {
      sending.delete(question.id);
      if (isChatkeepError(error, "unavailable")) schedule();
      else if (asks === "outbox") await drop(question.id);
      throw error;
    }
  };

  /** Sends one entry again; false when the server still cannot take it. */
  const resend = async (entry: OutboxEntry): Promise<boolean> => {
    const { conversationId, question, token } = entry;
    const { id } = question;
    sending.add(id);
    try {
      if (token !== undefined) {
        await whenFree(conversationId, undefined, () => history.importTurn(owner, conversationId, token));
        await drop(id);
        options.onSaved?.(entry);
        return true;
      }
      const started = await start(entry);
      const { persisted } = started.turn;
      if (persisted) await drop(id);
      // To its end: the next entry may be of the same conversation.
      await drain(persisted ? started.events : keepShown(entry, started));
      return persisted;
    } catch (error) {
      if (isChatkeepError(error, "conversation_not_found")) {
        // It was begun during the outage too.
        await createConversation(conversationId);
        return await resend(entry);
      }
      if (isChatkeepError(error, "invalid_request") && token !== undefined) {
        // The server that signed the token is gone, and the answer with it: the question is sent again.
        const again = { conversationId, question };
        await put(again);
        if (asks === "outbox") return await resend(again);
        options.onReask?.(again);
        return true;
      }
      const passing = !(error instanceof ChatkeepError) || PASSING.has(error.code);
      if (passing || isChatkeepError(error, "turn_in_progress")) return false;
      if (asks === "outbox") await drop(id);
      options.onRefused?.(entry, error);
      return true;
    } finally {
      sending.delete(id);
    }
  };

  const replayAll = async (): Promise<void> => {
    await load();
    for (const entry of entries.filter(isDue)) {
      const { id } = entry.question;
      if (closed || sending.has(id) || find(id) === undefined) continue;
      if (!(await resend(entry))) {
        backoff = Math.min(backoff * 2, BACKOFF_MOST);
        schedule();
        return;
      }
    }
    backoff = BACKOFF;
  };

  const replay = (): Promise<void> => {
    replaying ??= replayAll().finally(() => {
      replaying = undefined;
    });
    return replaying;
  };

  const schedule = (): void => {
    clearTimeout(timer);
    if (!closed && entries.some(isDue)) timer = setTimeout(() => void replay().catch(schedule), backoff);
  };

  schedule();
  return {
    send,
    entries: () => entries,
    async withdraw(questionId) {
      await load();
      const entry = find(questionId);
      if (entry === undefined || sending.has(questionId)) return null;
      await drop(questionId);
      return entry;
    },
    replay,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** Reads a stream to its end, however it ends. */
async function drain(events: AsyncIterable<TurnEvent>): Promise<void> {
  try {
    for await (const _ of events) {
      // Only its end counts.
    }
  } catch {
    // What it says is stored; only the reading was cut off.
  }
}
