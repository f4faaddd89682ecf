import { isSessionId } from "@chatkeep/protocol";
import { expect, test } from "vitest";

import { EARLIER_SESSION_KEY, SESSION_KEY, openSession } from "./session.ts";
import { type BrowserStorage, type TextStorage, openStorage } from "./storage.ts";

const ID = "0f8fad5b-d9cb-469f-a165-70867728950e";
const OTHER_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

/** One browser's storage, as several tabs see it. */
function browser(): BrowserStorage {
  const map = new Map<string, string>();
  return {
    get length() {
      return map.size;
    },
    key: (index) => [...map.keys()][index] ?? null,
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, value),
    removeItem: (key) => map.delete(key),
  };
}
const tab = (shared: BrowserStorage): TextStorage => openStorage(() => shared);

test("the id is kept for the next time", async () => {
  const shared = browser();
  const first = await openSession({ storage: tab(shared) });
  expect(isSessionId(first.getSnapshot())).toBe(true);
  const second = await openSession({ storage: tab(shared) });
  expect(second.getSnapshot()).toBe(first.getSnapshot());
});

test("an earlier widget's id is taken over", async () => {
  const storage = tab(browser());
  storage.set(EARLIER_SESSION_KEY, ID.toUpperCase());
  const session = await openSession({ storage });
  expect(session.getSnapshot()).toBe(ID);
  expect(storage.get(SESSION_KEY)).toBe(ID);
});

test("what is no id is replaced by one", async () => {
  const storage = tab(browser());
  storage.set(SESSION_KEY, "undefined");
  const session = await openSession({ storage });
  expect(isSessionId(session.getSnapshot())).toBe(true);
  expect(storage.get(SESSION_KEY)).toBe(session.getSnapshot());
});

test("two tabs that load for the first time at once end with the same id, with locks and without", async () => {
  for (const locks of [undefined, oneAtATime()]) {
    const shared = browser();
    const ids = [ID, OTHER_ID];
    const open = () =>
      openSession({
        storage: tab(shared),
        settleMs: 1,
        createId: () => ids.shift() ?? "",
        ...(locks && { locks }),
      });
    const [first, second] = await Promise.all([open(), open()]);
    expect(first.getSnapshot()).toBe(second.getSnapshot());
  }
});

test("an id that another tab writes later is taken over, and told", async () => {
  const storage = tab(browser());
  const events = new EventTarget();
  const session = await openSession({ storage, events });
  const told: string[] = [];
  session.subscribe(() => told.push(session.getSnapshot()));
  storage.set(SESSION_KEY, OTHER_ID);
  events.dispatchEvent(Object.assign(new Event("storage"), { key: SESSION_KEY }));
  events.dispatchEvent(Object.assign(new Event("storage"), { key: "another" }));
  expect(told).toEqual([OTHER_ID]);
});

test("without a lasting storage there is an id all the same", async () => {
  const storage = openStorage(() => {
    throw new Error("blocked");
  });
  const session = await openSession({ storage });
  expect(isSessionId(session.getSnapshot())).toBe(true);
});

/** Locks as browsers have them, for one name. */
function oneAtATime(): Pick<LockManager, "request"> {
  let last: Promise<unknown> = Promise.resolve();
  const request = (_name: string, work: () => unknown): Promise<unknown> => (last = last.then(work));
  return { request: request as LockManager["request"] };
}
