/** A small store of texts that outlives a reload where the browser lets it. */
export interface TextStorage {
  /** Whether what is set outlives a reload; `false` when the browser blocks storage. */
  lasting(): boolean;
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
  /** The keys that begin with `prefix`. */
  keys(prefix: string): string[];
}

/** The part of the browser's `Storage` that is used. */
export type BrowserStorage = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

/**
 * Opens the browser's storage. Reading `localStorage` alone can throw (blocked cookies, sandboxed frames),
 * and so can every later write (quota): what it refuses is kept in memory, so that nothing is lost before a
 * reload, and `lasting()` says `false`.
 *
 * @param open gives the storage; default `() => localStorage`.
 */
export function openStorage(open: () => BrowserStorage = () => globalThis.localStorage): TextStorage {
  const memory = new Map<string, string>();
  let storage: BrowserStorage | undefined;
  let lasting = true;
  const attempt = <T>(use: (storage: BrowserStorage) => T): T | undefined => {
    try {
      storage ??= open();
      return use(storage);
    } catch {
      lasting = false;
      return undefined;
    }
  };
  // A probe, because some browsers only throw on the first write.
  attempt((storage) => {
    storage.setItem("chatkeep-probe", "1");
    storage.removeItem("chatkeep-probe");
  });

  return {
    lasting: () => lasting,
    get: (key) => memory.get(key) ?? attempt((storage) => storage.getItem(key)) ?? null,
    set(key, value) {
      const kept = attempt((storage) => {
        storage.setItem(key, value);
        return true;
      });
      if (kept === true) memory.delete(key);
      else memory.set(key, value);
    },
    remove(key) {
      memory.delete(key);
      attempt((storage) => storage.removeItem(key));
    },
    keys(prefix) {
      const found = new Set(memory.keys());
      attempt((storage) => {
        for (let index = 0; index < storage.length; index++) found.add(storage.key(index) ?? "");
      });
      return [...found].filter((key) => key.startsWith(prefix)).sort();
    },
  };
}
