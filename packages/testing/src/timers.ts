import { vi } from "vitest";

/**
 * From here on no timer of `from` milliseconds or more fires, until it is disposed of: whoever waits for one waits
 * for ever. So a test proves without a clock that something does not wait for it. Timers that were held stay held.
 */
export function holdTimers(from: number): Disposable {
  const setTimer = globalThis.setTimeout;
  const spy = vi
    .spyOn(globalThis, "setTimeout")
    .mockImplementation(((callback: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) =>
      ms < from
        ? setTimer(callback, ms, ...given)
        : setTimer(() => undefined, 0x7fff_ffff).unref()) as typeof setTimeout);
  return { [Symbol.dispose]: () => spy.mockRestore() };
}
