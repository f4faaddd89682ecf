import { vi } from "vitest";

const FOREVER = 0x7fff_ffff;

/**
 * From here on no timer of `from` milliseconds or more fires, until it is disposed of: whoever waits for one waits
 * for ever. So a test proves without a clock that something does not wait for it. Timers that were held stay held.
 */
export function holdTimers(from: number): Disposable {
  return replaceSetTimeout((setTimer, callback, ms) =>
    ms < from ? setTimer(callback, ms) : setTimer(() => undefined, FOREVER).unref(),
  );
}

/** Timers whose time passes when a test says so; see {@link takeTimers}. */
export interface TakenTimers extends Disposable {
  /** Lets the time pass once: those fire that were neither set, refreshed nor cleared since the last call. */
  elapse(): void;
}

/** From here on timers of exactly `ms` milliseconds fire when the test says so, and not before. */
export function takeTimers(ms: number): TakenTimers {
  const taken = new Map<NodeJS.Timeout, () => void>();
  const fresh = new Set<NodeJS.Timeout>();
  const setting = replaceSetTimeout((setTimer, callback, given) => {
    if (given !== ms) return setTimer(callback, given);
    const timer = setTimer(() => undefined, FOREVER).unref();
    taken.set(timer, callback);
    fresh.add(timer);
    timer.refresh = () => {
      fresh.add(timer);
      return timer;
    };
    return timer;
  });
  const clear = globalThis.clearTimeout;
  const clearing = vi.spyOn(globalThis, "clearTimeout").mockImplementation((timer) => {
    taken.delete(timer as NodeJS.Timeout);
    clear(timer);
  });
  return {
    elapse() {
      const due = [...taken].filter(([timer]) => !fresh.has(timer));
      fresh.clear();
      for (const [, callback] of due) callback();
    },
    [Symbol.dispose]() {
      setting[Symbol.dispose]();
      clearing.mockRestore();
    },
  };
}

/** From here on no `AbortSignal.timeout` fires: who would wait a while for something waits until it is there. */
export function holdDeadlines(): Disposable {
  const spy = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => new AbortController().signal);
  return { [Symbol.dispose]: () => spy.mockRestore() };
}

type SetTimer = (callback: () => void, ms: number) => NodeJS.Timeout;

function replaceSetTimeout(
  replacement: (setTimer: SetTimer, callback: () => void, ms: number) => NodeJS.Timeout,
): Disposable {
  const setTimer: SetTimer = globalThis.setTimeout;
  const spy = vi
    .spyOn(globalThis, "setTimeout")
    .mockImplementation(((callback: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) =>
      replacement(setTimer, () => callback(...given), ms)) as typeof setTimeout);
  return { [Symbol.dispose]: () => spy.mockRestore() };
}
