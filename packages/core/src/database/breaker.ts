import { setTimeout as pause } from "node:timers/promises";

import type { ChatkeepError } from "@chatkeep/protocol";

import { isConflict, isConnectionLost, isUnavailable, unavailable } from "./failure.ts";

/** The result of a probe. */
interface Probed {
  readonly status: "ok" | "down";
  /** The probe's duration in milliseconds; `null` when it failed. */
  readonly latencyMs: number | null;
}

/** Fails calls fast during an outage; see {@link createBreaker}. */
export interface Breaker {
  /** Milliseconds without an answer after which the database counts as down. */
  readonly timeout: number;
  /** Runs `work`, or rejects at once while the database is down. Also rejects `work` that hangs in an outage. */
  guard<T>(work: () => Promise<T>): Promise<T>;
  /** Probes the database now. Concurrent calls share one probe. */
  probe(): Promise<Probed>;
  /** Whether the last probe failed. */
  isOpen(): boolean;
  /** Resolves when the database is reachable; at once if it is. */
  whenClosed(): Promise<void>;
  close(): void;
}

/** The probe had no answer and no error in time. */
export class ProbeTimeout extends Error {}

/** Options of {@link createBreaker}. */
export interface BreakerOptions {
  /** Milliseconds without an answer after which the database counts as down. Default 1,800: an outage is told within 2 s. */
  readonly timeout?: number | undefined;
  /** Called with the probe's error when the breaker opens. */
  readonly onOpen?: (cause: unknown) => void;
}

/** The share of the timeout after which a probe is sent. The rest is the probe's. */
const SILENCE = 4 / 9;
/** Lost connections in a row after which a probe pauses, and for how many milliseconds. */
const LOST = 12;
const LOST_PAUSE = 50;
/** Milliseconds between probes during an outage. */
const RETRY = 500;

/**
 * A circuit breaker with a live probe. It sends no probes in normal operation, so that a serverless database can sleep.
 * It probes when a connection error occurs or nothing was answered for 0.8 s. When the probe fails the breaker opens:
 * waiting and new calls are rejected, and probes continue until one succeeds.
 */
export function createBreaker(
  ask: () => Promise<unknown>,
  { timeout = 1800, onOpen }: BreakerOptions = {},
): Breaker {
  const answerTimeout = timeout * SILENCE;
  const probeTimeout = timeout - answerTimeout;
  const waiting = new Set<{ since: number; reject: (error: ChatkeepError) => void }>();
  let open = false;
  let lastAnswer = 0;
  let probing: Promise<Probed> | undefined;
  let watch: NodeJS.Timeout | undefined;
  let closed = false;
  let closing = Promise.withResolvers<void>();

  const setOpen = (next: boolean, cause?: unknown): void => {
    if (open === next) return;
    open = next;
    if (open) {
      closing = Promise.withResolvers<void>();
      for (const call of waiting) call.reject(unavailable(cause));
      waiting.clear();
      // Sooner than the look that was set for a call without an answer.
      clearTimeout(watch);
      watch = undefined;
      schedule(RETRY);
    } else {
      closing.resolve();
    }
  };

  const probe = (): Promise<Probed> => {
    probing ??= measure().finally(() => {
      probing = undefined;
    });
    return probing;
  };

  const measure = async (): Promise<Probed> => {
    const begin = performance.now();
    const late = Promise.withResolvers<never>();
    // A process that was held up for a second finds the timer first and the answer right behind it.
    const timer = setTimeout(
      () => setImmediate(() => late.reject(new ProbeTimeout("timeout: the probe was not answered"))),
      probeTimeout,
    );
    const answer = askLiving(begin);
    answer.catch(() => undefined);
    try {
      await Promise.race([answer, late.promise]);
      setOpen(false);
      return { status: "ok", latencyMs: performance.now() - begin };
    } catch (error) {
      // A busy pool delays the probe while calls are answered. That is no outage.
      if (lastAnswer > begin) return { status: "ok", latencyMs: performance.now() - begin };
      if (!open) onOpen?.(error);
      setOpen(true, error);
      return { status: "down", latencyMs: null };
    } finally {
      clearTimeout(timer);
    }
  };

  /** Probes on the next connection while the previous one turns out to be dead. */
  const askLiving = async (begin: number): Promise<unknown> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await ask();
      } catch (error) {
        if (!isConnectionLost(error) || performance.now() - begin > probeTimeout) throw error;
        // More than a pool holds: the server closes new ones too, and would be asked thousands of times a second.
        if (tries > LOST) await pause(LOST_PAUSE);
      }
    }
  };

  const schedule = (delay: number): void => {
    if (watch !== undefined || closed) return;
    watch = setTimeout(() => {
      watch = undefined;
      void look();
    }, delay);
    watch.unref();
  };

  const look = async (): Promise<void> => {
    const now = performance.now();
    const oldest = waiting.values().next().value;
    if (open || (oldest !== undefined && now - Math.max(oldest.since, lastAnswer) >= answerTimeout))
      await probe();
    if (open) schedule(RETRY);
    else if (waiting.size > 0) schedule(answerTimeout / 2);
  };

  const guard = <T>(work: () => Promise<T>): Promise<T> => {
    if (open) return Promise.reject(unavailable(new Error("the database is down")));
    // One promise instead of a race of two, because this runs for every statement.
    return new Promise<T>((resolve, reject) => {
      const call = { since: performance.now(), reject };
      waiting.add(call);
      schedule(answerTimeout);
      work().then(
        (result) => {
          waiting.delete(call);
          lastAnswer = performance.now();
          resolve(result);
        },
        async (error: unknown) => {
          if (!isUnavailable(error) || isConflict(error)) lastAnswer = performance.now();
          else if (!open) await probe();
          waiting.delete(call);
          reject(error);
        },
      );
    });
  };

  return {
    timeout,
    guard,
    probe,
    isOpen: () => open,
    whenClosed: () => (open ? closing.promise : Promise.resolve()),
    close() {
      closed = true;
      clearTimeout(watch);
    },
  };
}
