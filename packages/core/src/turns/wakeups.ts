import type { Breaker } from "../database/breaker.ts";
import type { Connection, ConnectionPool } from "../database/pool.ts";
import { type Wait, createWait } from "./live.ts";

/** Wakes readers of turns of other nodes; see {@link createWakeups}. */
export interface Wakeups {
  subscribe(signal: AbortSignal | undefined): Wait;
  /** Wakes the readers here. */
  wake(): void;
  close(): void;
}

const CHANNEL = "chatkeep_events";
/** Milliseconds between looks without working notifications. */
const POLL = 100;
/** Milliseconds between looks with them: one may be lost with a connection. */
const POLL_LISTENING = 1000;
/** Milliseconds within which a probe must come back. */
const PROBE_TIMEOUT = 1000;
/** Milliseconds between probes of a listener that works. */
const PROBE_AGAIN = 15_000;
/** Milliseconds before listening is retried, doubled each time up to a minute. */
const BACKOFF = 500;
const BACKOFF_MOST = 60_000;
/** Milliseconds that the connection is kept after the last reader left. */
const LINGER = 10_000;

/**
 * Listens while somebody follows a turn of another node. A notification only wakes; the events are read from the log.
 * Behind a transaction pooler LISTEN succeeds and delivers nothing, so the listener notifies itself, and readers poll
 * every 100 ms until that comes back.
 */
export function createWakeups(pool: ConnectionPool, breaker: Breaker): Wakeups {
  const readers = new Set<() => void>();
  // Listening would keep the only connection from everybody else.
  const isAlone = pool.options?.max === 1;
  let connection: Connection | undefined;
  let isProven = false;
  let backoff = BACKOFF;
  let timer: NodeJS.Timeout | undefined;
  let isBusy = false;
  let isClosed = false;
  let probing: { readonly payload: string; readonly back: () => void } | undefined;

  const wakeAll = (): void => {
    for (const wake of readers) wake();
  };

  const drop = (): void => {
    const lost = connection;
    connection = undefined;
    isProven = false;
    lost?.release(true);
  };

  const schedule = (delay: number): void => {
    clearTimeout(timer);
    if (isClosed) return;
    timer = setTimeout(() => void tend(), delay);
    timer.unref();
  };

  /** Connects, probes or disconnects, whichever is due, and schedules the next time. */
  const tend = async (): Promise<void> => {
    if (isBusy || isClosed) return;
    if (readers.size === 0 || isAlone) return drop();
    isBusy = true;
    let delay = PROBE_AGAIN;
    try {
      connection ??= await listen();
      await probe();
      backoff = BACKOFF;
      // Nobody was notified of what happened before.
      if (!isProven) wakeAll();
      isProven = true;
    } catch {
      drop();
      delay = backoff;
      backoff = Math.min(backoff * 2, BACKOFF_MOST);
    }
    isBusy = false;
    schedule(delay);
  };

  const listen = async (): Promise<Connection> => {
    await breaker.whenClosed();
    const opened = await pool.connect();
    const onLost = (): void => {
      if (connection !== opened) return;
      drop();
      schedule(BACKOFF);
    };
    opened.on("error", onLost);
    opened.on("end", onLost);
    opened.on("notification", ({ payload }) => {
      if (payload !== undefined && payload === probing?.payload) probing.back();
      else wakeAll();
    });
    try {
      await opened.query({ text: `listen ${CHANNEL}` });
      if (isClosed) throw new Error("closed while beginning to listen");
      return opened;
    } catch (error) {
      // Otherwise the pool would miss this connection for good.
      opened.release(true);
      throw error;
    }
  };

  const probe = async (): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const payload = `probe ${crypto.randomUUID()}`;
    probing = { payload, back: resolve };
    const late = setTimeout(() => reject(new Error("LISTEN delivers nothing here")), PROBE_TIMEOUT);
    try {
      // Through the pool, like the notifications of a node.
      const notify = { text: "select pg_notify($1, $2)", values: [CHANNEL, payload] };
      await Promise.all([pool.query(notify), promise]);
    } finally {
      clearTimeout(late);
      probing = undefined;
    }
  };

  return {
    subscribe(signal) {
      const wait = createWait(readers, signal, () => (isProven ? POLL_LISTENING : POLL));
      if (connection === undefined) schedule(0);
      return {
        next: () => wait.next(),
        [Symbol.dispose]() {
          wait[Symbol.dispose]();
          if (readers.size === 0) schedule(LINGER);
        },
      };
    },
    wake: wakeAll,
    close() {
      isClosed = true;
      clearTimeout(timer);
      drop();
    },
  };
}
