import { type Readable, createValue } from "./snapshot.ts";

/** The text that a person has selected on the page and can ask about: a {@link Readable} of it, `null` if none. */
export interface Selection extends Readable<string | null> {
  /** Asks about no text: it is taken up again only when another is selected. */
  clear(): void;
  close(): void;
}

export interface SelectionOptions {
  /** Whose selection is watched; default the page's. */
  readonly document?: Document | undefined;
  /** What is selected in here is not taken up, and a press in here does not let go of what was selected before. */
  readonly own?: Element | undefined;
}

/** Fewer selected characters than these are a slip of the finger rather than something to ask about. */
const FEWEST = 4;

/** Watches what is selected. What was selected stays while the person writes the question in `own`. */
export function watchSelection(options: SelectionOptions = {}): Selection {
  const { own } = options;
  const page = options.document ?? document;
  const { getSnapshot, subscribe, set } = createValue<string | null>(null);
  let inOwn = false;

  const onPress = (event: Event): void => {
    inOwn = own !== undefined && event.composedPath().includes(own);
  };
  const onSelect = (): void => {
    const selection = page.getSelection();
    const selected = selection?.toString().trim() ?? "";
    const inside = own?.contains(selection?.anchorNode ?? null) === true;
    if (Array.from(selected).length >= FEWEST && !inside) set(selected);
    // A press in the panel collapses the page's selection: that is not what the person means.
    else if (!inOwn && page.activeElement !== own && own?.contains(page.activeElement) !== true) set(null);
  };
  page.addEventListener("pointerdown", onPress, true);
  page.addEventListener("selectionchange", onSelect);
  // What is selected already.
  onSelect();

  return {
    getSnapshot,
    subscribe,
    clear: () => set(null),
    close() {
      page.removeEventListener("pointerdown", onPress, true);
      page.removeEventListener("selectionchange", onSelect);
    },
  };
}
