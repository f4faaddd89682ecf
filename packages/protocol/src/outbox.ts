import { ChatkeepError, isChatkeepError } from "./errors.ts";
import type { History } from "./history.ts";
import type { Owner } from "./owner.ts";
import { createFold } from "./stream/fold.ts";
import type { Question, StartedTurn, TurnEvent } from "./turn.ts";

/** A question that is not known to be saved. */
export interface OutboxEntry {
  readonly conversationId: string;
  /** With its id, so that sending it again never asks twice. */
  readonly question: Question & { readonly id: string };
  /** Once its answer was shown unsaved: what stores both, see `History.importTurn`. */
  readonly token?: string;
}

/**
 * Where an outbox keeps its entries, each by itself under its question's id: of two tabs that write at once neither
 * overwrites what the other keeps.
 */
export interface OutboxStorage {
  /** All that are kept, oldest first. */
  load(): readonly OutboxEntry[] | Promise<readonly OutboxEntry[]>;
  /** Keeps an entry, in place of one with the same question's id. */
  put(entry: OutboxEntry): void | Promise<void>;
  remove(questionId: string): void | Promise<void>;
}

/** Options of {@link createOutbox}. */
export interface OutboxOptions {
  readonly history: Pick<History, "startTurn" | "followTurn" | "importTurn" | "createConversation">;
  readonly owner: Owner;
  /** Default: memory, so that the entries last as long as the outbox. */
  readonly storage?: OutboxStorage;
  /**
   * Who asks again what could not be sent: the `outbox` (default), or its `caller`, a page in which a person sees the
   * question, retries or edits it. For a caller a question that cannot be sent stays in the storage, `send` does not
   * wait for another turn, and only tokens are sent again.
   */
  readonly asks?: "outbox" | "caller";
  /** Creates a conversation that was begun during the outage too. Default: by its id. */
  readonly createConversation?: (conversationId: string) => Promise<void>;
  /** Told whenever the entries change. Default: nobody. */
  readonly onChange?: (entries: readonly OutboxEntry[]) => void;
  /** Told of an entry whose answer was shown unsaved, and is saved now. Default: nobody. */
  readonly onSaved?: (entry: OutboxEntry) => void;
  /** Told of a question that its `caller` has to ask anew: its token is of a server that is gone. Default: nobody. */
  readonly onReask?: (entry: OutboxEntry) => void;
  /** Told of an entry that can never be saved; the outbox drops it, unless its caller asks. Default: nobody. */
  readonly onRefused?: (entry: OutboxEntry, error: ChatkeepError) => void;
}

/**
 * Sends questions so that none is lost and none is stored twice: each is kept until it is known to be
 * saved, and sent again with the same id, in order, after an outage or a reload. For an answer that was shown
 * without being saved its token is sent, and stores it as it was shown.
 */
export interface Outbox {
  /**
   * Asks: as `History.startTurn`, but follows another turn that is still running to its end first.
   * On `unavailable` the question stays in the outbox and is sent again later.
   */
  send(
    conversationId: string,
    question: OutboxEntry["question"],
    options?: { readonly signal?: AbortSignal },
  ): Promise<StartedTurn>;
  /** The questions that are not known to be saved, oldest first, as of the last look into the storage. */
  entries(): readonly OutboxEntry[];
  /** Lets go of a question, for a person who edits it; `null` when it is being sent or is not kept. */
  takeBack(questionId: string): Promise<OutboxEntry | null>;
  /** Sends the kept entries now, in order; resolves when all are saved or the next one cannot be. */
  replay(): Promise<void>;
  /** Ends its timer. The entries stay in the storage. */
  close(): void;
}

/** Milliseconds before the entries are sent again, doubled up to half a minute. */
const BACKOFF = 1000;
const BACKOFF_MOST = 30_000;
/** Failures after which an entry is kept; a login that has lapsed is renewed. */
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
        // The token is of a server that is gone: the question at least is asked anew.
        const anew = { conversationId, question };
        await put(anew);
        if (asks === "outbox") return await resend(anew);
        options.onReask?.(anew);
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
    async takeBack(questionId) {
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
