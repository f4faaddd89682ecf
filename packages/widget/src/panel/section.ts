import type { TextStorage } from "@chatkeep/react";

/** A section of a storage, with keys of its own. */
export interface Section {
  readonly storage: TextStorage;
  /** Tells of writes to it by other tabs, as the window does of all. */
  readonly events: EventTarget;
  close(): void;
}

/** Keeps what is set under `prefix` and shows nothing else. */
export function createSection(whole: TextStorage, prefix: string): Section {
  const events = new EventTarget();
  const onStorage = ({ key, newValue }: StorageEvent): void => {
    if (key?.startsWith(prefix) !== true) return;
    events.dispatchEvent(new StorageEvent("storage", { key: key.slice(prefix.length), newValue }));
  };
  addEventListener("storage", onStorage);
  return {
    events,
    storage: {
      lasting: () => whole.lasting(),
      get: (key) => whole.get(prefix + key),
      set: (key, value) => whole.set(prefix + key, value),
      remove: (key) => whole.remove(prefix + key),
      keys: (start) => whole.keys(prefix + start).map((key) => key.slice(prefix.length)),
    },
    close: () => removeEventListener("storage", onStorage),
  };
}
