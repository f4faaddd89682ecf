import type { Breaker } from "../database/breaker.ts";
import type { Connection, ConnectionPool } from "../database/pool.ts";

/** Wakes readers who follow turns of other nodes; see {@link createWakeups}. */
export interface Wakeups {
  /** One reader's wake-ups. */
  subscribe(signal: AbortSignal | undefined): WakeupSubscription;
  close(): void;
}

/** One reader's wake-ups. */
interface WakeupSubscription {
  /** Resolves when there may be something new: at a notification, or when it is time to look anyway. */
  next(): Promise<void>;
  [Symbol.dispose](): void;
}

const CHANNEL = "chatkeep_events";
/** Milliseconds between looks when notifications do not arrive. */
const POLL = 100;
/** Milliseconds between looks when they do: one may be lost with a connection. */
const POLL_LISTENING = 1000;
/** Milliseconds within which our own notification has to come back. */
const PROBE = 1000;
/** Milliseconds between probes: of a listener that works, and of one that does not. */
const PROBE_AGAIN = 15_000;
/** Milliseconds before listening is tried again, doubled up to a minute. */
const BACKOFF = 500;
const BACKOFF_MOST = 60_000;
/** Milliseconds that the connection is kept after the last reader left. */
const LINGER = 10_000;

/**
 * Listens while somebody follows a turn of another node. NOTIFY only wakes: what is new is read from the
 * log. The listener sends itself a notification and believes in itself only when that comes back, since
 * behind a transaction pooler LISTEN succeeds and delivers nothing; then readers poll every 100 ms.
 */
export function createWakeups(pool: ConnectionPool, breaker: Breaker): Wakeups {
  const readers = new Set<() => void>();
  let connection: Connection | undefined;
  let proven = false;
  let backoff = BACKOFF;
  let timer: NodeJS.Timeout | undefined;
  let busy = false;
  let closed = false;
  let probeSent: { payload: string; back: () => void } | undefined;

  const wakeAll = (): void => {
    for (const wake of readers) wake();
  };

  const drop = (): void => {
    const lost = connection;
    connection = undefined;
    proven = false;
    lost?.release(true);
  };

  /** Does what is due: connect, probe, or let go; then sets the time of the next look. */
  const tend = async (): Promise<void> => {
    if (busy || closed) return;
    busy = true;
    clearTimeout(timer);
    let delay: number;
    try {
      if (readers.size === 0) {
        drop();
        return;
      }
      connection ??= await listen();
      await probe();
      backoff = BACKOFF;
      delay = PROBE_AGAIN;
      // What happened before we listened was not told.
      if (!proven) wakeAll();
      proven = true;
    } catch {
      drop();
      delay = backoff;
      backoff = Math.min(backoff * 2, BACKOFF_MOST);
    } finally {
      busy = false;
    }
    schedule(delay);
  };

  const schedule = (delay: number): void => {
    clearTimeout(timer);
    if (closed) return;
    timer = setTimeout(() => void tend(), delay);
    timer.unref();
  };

  const listen = async (): Promise<Connection> => {
    await breaker.whenClosed();
    const opened = await pool.connect();
    const lost = (): void => {
      if (connection !== opened) return;
      drop();
      schedule(BACKOFF);
    };
    opened.on("error", lost);
    opened.on("end", lost);
    opened.on("notification", ({ payload }) => {
      if (payload !== undefined && payload === probeSent?.payload) probeSent.back();
      else wakeAll();
    });
    try {
      await opened.query({ text: `listen ${CHANNEL}` });
      if (closed) throw new Error("closed while beginning to listen");
      return opened;
    } catch (error) {
      // Nobody else knows of it yet: kept, it would be missing from the pool for good.
      opened.release(true);
      throw error;
    }
  };

  const probe = async (): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const payload = `probe ${crypto.randomUUID()}`;
    probeSent = { payload, back: resolve };
    const late = setTimeout(() => reject(new Error("LISTEN delivers nothing here")), PROBE);
    try {
      // Through the pool, as a node's are: what counts is that those arrive.
      await Promise.all([
        pool.query({ text: "select pg_notify($1, $2)", values: [CHANNEL, payload] }),
        promise,
      ]);
    } finally {
      clearTimeout(late);
      probeSent = undefined;
    }
  };

  return {
    subscribe(signal) {
      let due = false;
      let resolveNext: (() => void) | undefined;
      const wake = (): void => {
        due = true;
        resolveNext?.();
      };
      readers.add(wake);
      signal?.addEventListener("abort", wake);
      if (connection === undefined) schedule(0);
      return {
        async next() {
          if (!due) {
            const { promise, resolve } = Promise.withResolvers<void>();
            resolveNext = resolve;
            const poll = setTimeout(resolve, proven ? POLL_LISTENING : POLL);
            await promise;
            clearTimeout(poll);
          }
          due = false;
        },
        [Symbol.dispose]() {
          readers.delete(wake);
          signal?.removeEventListener("abort", wake);
          if (readers.size === 0) schedule(LINGER);
        },
      };
    },
    close() {
      closed = true;
      clearTimeout(timer);
      drop();
    },
  };
}
