import { expect, test } from "vitest";

import { type BrowserStorage, openStorage } from "./storage.ts";

/** A storage as browsers have it, which throws on writes once it is full. */
function browserStorage(
  room = Number.POSITIVE_INFINITY,
): BrowserStorage & { readonly map: Map<string, string> } {
  const map = new Map<string, string>();
  return {
    map,
    get length() {
      return map.size;
    },
    key: (index) => [...map.keys()][index] ?? null,
    getItem: (key) => map.get(key) ?? null,
    setItem(key, value) {
      if (value.length > room) throw new DOMException("full", "QuotaExceededError");
      map.set(key, value);
    },
    removeItem: (key) => map.delete(key),
  };
}

test("what is set is in the browser's storage", () => {
  const browser = browserStorage();
  const storage = openStorage(() => browser);
  storage.set("a:1", "one");
  storage.set("b:1", "two");
  expect(storage.lasting()).toBe(true);
  expect([...browser.map.keys()]).toEqual(["a:1", "b:1"]);
  expect(storage.keys("a:")).toEqual(["a:1"]);
  storage.remove("a:1");
  expect(storage.get("a:1")).toBeNull();
});

test("a storage that throws at the first touch is replaced by memory, and says that it does not last", () => {
  const storage = openStorage(() => {
    throw new DOMException("blocked", "SecurityError");
  });
  expect(storage.lasting()).toBe(false);
  storage.set("draft", "kept until the page is left");
  expect(storage.get("draft")).toBe("kept until the page is left");
  expect(storage.keys("dra")).toEqual(["draft"]);
  storage.remove("draft");
  expect(storage.get("draft")).toBeNull();
});

test("a write that the storage refuses loses nothing", () => {
  const storage = openStorage(() => browserStorage(4));
  expect(storage.lasting()).toBe(true);
  storage.set("draft", "1234");
  storage.set("draft", "12345");
  expect(storage.get("draft")).toBe("12345");
  expect(storage.lasting()).toBe(false);
});
