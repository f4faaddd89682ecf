import { ChatkeepError, isChatkeepError } from "./errors.ts";
import type { History } from "./history.ts";
import type { Owner } from "./owner.ts";
import { createFold } from "./stream/fold.ts";
import type { Question, StartedTurn, TurnEvent } from "./turn.ts";

/** A question that is not known to be saved. */
export interface OutboxEntry {
  readonly conversationId: string;
  /** With its id, so that sending it again never asks twice; with `shown` once its answer was shown unsaved. */
  readonly question: Question & { readonly id: string };
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

/** What {@link createOutbox} takes. */
export interface OutboxOptions {
  readonly history: History;
  readonly owner: Owner;
  /** Default: memory, so that the entries last as long as the outbox. */
  readonly storage?: OutboxStorage;
  /** Told whenever the entries change. Default: nobody. */
  readonly onChange?: (entries: readonly OutboxEntry[]) => void;
  /** Told of an entry that can never be saved, and is dropped. Default: nobody. */
  readonly onRefused?: (entry: OutboxEntry, error: ChatkeepError) => void;
}

/**
 * Sends questions so that none is lost and none is stored twice: each is kept until it is known to be
 * saved, and sent again with the same id, in order, after an outage or a reload. An answer that was shown
 * without being saved goes along, and is stored as it was shown.
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
  /** The questions that are not known to be saved, oldest first. */
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
  const { history, owner, storage } = options;
  let entries: OutboxEntry[] = storage === undefined ? [] : [...(await storage.load())];
  /** Entries that are being sent, so that a replay leaves them alone. */
  const sending = new Set<string>();
  let backoff = BACKOFF;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let replaying: Promise<void> | undefined;
  let closed = false;

  const change = (next: OutboxEntry[]): void => {
    entries = next;
    options.onChange?.(entries);
  };

  const put = async (entry: OutboxEntry): Promise<void> => {
    const others = entries.filter(({ question }) => question.id !== entry.question.id);
    change([...others, entry]);
    await storage?.put(entry);
  };

  const drop = async (id: string): Promise<void> => {
    change(entries.filter(({ question }) => question.id !== id));
    await storage?.remove(id);
  };

  /** What is kept of an answer while it is shown unsaved; then the entry is due to be sent again. */
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
      const { persisted, receipt, status, parts } = fold.answer();
      if (persisted) {
        await drop(entry.question.id);
        return;
      }
      if (receipt !== null && status !== "running") {
        const shown = {
          turnId: started.turn.id,
          replyId: started.turn.replyId ?? "",
          status,
          parts,
          receipt,
        };
        await put({ ...entry, question: { ...entry.question, shown } });
      }
    } finally {
      sending.delete(entry.question.id);
      if (entries.length > 0) schedule();
    }
  };

  const start = async (entry: OutboxEntry, signal: AbortSignal | undefined): Promise<StartedTurn> => {
    for (;;) {
      try {
        return await history.startTurn(
          owner,
          entry.conversationId,
          entry.question,
          signal === undefined ? {} : { signal },
        );
      } catch (error) {
        if (!isChatkeepError(error, "turn_in_progress") || error.turnId === undefined) throw error;
        await followToEnd(entry.conversationId, error.turnId, signal);
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
    sending.add(entry.question.id);
    await put(entry);
    try {
      const started = await start(entry, signal);
      if (!started.turn.persisted) return { ...started, events: keepShown(entry, started) };
      await drop(entry.question.id);
      sending.delete(entry.question.id);
      return { ...started, events: started.events };
    } catch (error) {
      sending.delete(entry.question.id);
      if (isChatkeepError(error, "unavailable")) schedule();
      else await drop(entry.question.id);
      throw error;
    }
  };

  /** Sends one entry again; false when the server still cannot take it. */
  const resend = async (entry: OutboxEntry): Promise<boolean> => {
    const { id, shown: _, ...asked } = entry.question;
    sending.add(id);
    try {
      const started = await start(entry, undefined);
      const { persisted } = started.turn;
      if (persisted) await drop(id);
      // To its end: the next entry may be of the same conversation.
      await drain(persisted ? started.events : keepShown(entry, started));
      return persisted;
    } catch (error) {
      if (isChatkeepError(error, "conversation_not_found")) {
        // It was begun during the outage too.
        await history.createConversation(owner, { id: entry.conversationId });
        return await resend(entry);
      }
      if (isChatkeepError(error, "invalid_request") && entry.question.shown !== undefined) {
        // The receipt is of a server that is gone: the question at least is asked anew.
        const anew = { ...entry, question: { ...asked, id } };
        await put(anew);
        return await resend(anew);
      }
      if (!(error instanceof ChatkeepError) || PASSING.has(error.code)) return false;
      await drop(id);
      options.onRefused?.(entry, error);
      return true;
    } finally {
      sending.delete(id);
    }
  };

  const replayAll = async (): Promise<void> => {
    for (const entry of entries) {
      if (closed || sending.has(entry.question.id) || !entries.includes(entry)) continue;
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
    if (!closed) timer = setTimeout(() => void replay().catch(() => schedule()), backoff);
  };

  if (entries.length > 0) schedule();
  return {
    send,
    entries: () => entries,
    async takeBack(questionId) {
      const entry = entries.find(({ question }) => question.id === questionId);
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
