import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { createBreaker } from "./breaker.ts";

const never = (): Promise<never> => new Promise(() => undefined);

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

test("a call of a database that never answers is refused within 2 s, and the next one at once", async () => {
  const breaker = createBreaker(never);
  const first = breaker.guard(never);
  first.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(2000);
  await expect(first).rejects.toMatchObject({ code: "unavailable" });
  await expect(breaker.guard(never)).rejects.toMatchObject({ code: "unavailable" });
  breaker.close();
});

test("an answer that arrived while the process was held up counts: it is no outage", async () => {
  const answer = Promise.withResolvers<void>();
  const breaker = createBreaker(() => answer.promise);
  const probed = breaker.probe();
  // The event loop comes to the network after the timers.
  setImmediate(answer.resolve);
  vi.advanceTimersByTime(5000);
  expect(await probed).toMatchObject({ status: "ok" });
  expect(breaker.isOpen()).toBe(false);
});

test("an outage ends within a second of the database's return, however long it may be silent", async () => {
  let isThere = false;
  const ask = (): Promise<unknown> =>
    isThere ? Promise.resolve() : Promise.reject(new Error("ECONNREFUSED"));
  const breaker = createBreaker(ask, { timeout: 60_000 });
  await expect(breaker.guard(ask)).rejects.toMatchObject({ code: "unavailable" });
  expect(breaker.isOpen()).toBe(true);
  isThere = true;
  await vi.advanceTimersByTimeAsync(1000);
  expect(breaker.isOpen()).toBe(false);
  breaker.close();
});
