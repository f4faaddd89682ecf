/** What lasts in a tab from one page of a site to the next; nothing where the browser blocks storage. */
export interface TabMemory {
  /** Whether the panel is open. */
  readonly open: Mark;
  /** The quote that a citation leads to on the page that is being loaded. */
  readonly passage: Mark;
}

/** A text that is kept, or `null`. */
interface Mark {
  get(): string | null;
  set(text: string | null): void;
}

/** The memory of this tab. */
export function openMemory(): TabMemory {
  return { open: createMark("chatkeep-open"), passage: createMark("chatkeep-passage") };
}

function createMark(key: string): Mark {
  return {
    get() {
      try {
        return sessionStorage.getItem(key);
      } catch {
        return null;
      }
    },
    set(text) {
      try {
        if (text === null) sessionStorage.removeItem(key);
        else sessionStorage.setItem(key, text);
      } catch {
        // Blocked or full: the next page begins closed.
      }
    },
  };
}
