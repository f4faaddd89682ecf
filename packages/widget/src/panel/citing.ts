import type { Citation } from "@chatkeep/protocol";
import { type Readable, createValue, loadLexer, plainText } from "@chatkeep/react";

import type { TabMemory } from "../memory.ts";
import type * as Passage from "./following-citation.ts";

/** What became of the citation that was opened last: a {@link Readable}, `changed` when the page has its words no more. */
export interface Citing extends Readable<"fine" | "changed"> {
  /** The absolute address of a citation; `null` when it has none. */
  addressOf(citation: Citation): string | null;
  /** Goes to its passage. */
  open(citation: Citation): Promise<void>;
  /** Looks for a quote on this page. Resolves with whether it is there. */
  show(quote: string): Promise<boolean>;
  /** Forgets what became of it. */
  clear(): void;
}

export interface CitingOptions {
  readonly host: Element;
  readonly memory: TabMemory;
  readonly endpoint: () => string;
  /** Called when the reader is led to a passage of this page. */
  readonly onLeave: () => void;
}

/** How long a page may take to show a passage, in milliseconds. */
const WAIT = 5_000;

/** Opens citations and shows the passages that they lead to. */
export function createCiting({ host, memory, endpoint, onLeave }: CitingOptions): Citing {
  const { getSnapshot, subscribe, set } = createValue<"fine" | "changed">("fine");
  let showing = 0;
  /** What the server calls `/documents/…` is the server's, wherever the widget is. */
  const addressOf: Citing["addressOf"] = ({ url }) =>
    url === null ? null : (URL.parse(url, `${endpoint()}/`)?.href ?? url);
  const show = async (quote: string): Promise<boolean> => {
    const mine = ++showing;
    set("fine");
    const [passages, lex] = await Promise.all([loadPassage(), loadLexer()]).catch(() => [null, null]);
    // Not loaded, for want of a network: that says nothing of the page.
    if (passages === null) return false;
    const found = await passages.showPassage({ quote: plainText(quote, lex), waitMs: WAIT });
    if (mine === showing && !found) set("changed");
    return found;
  };
  return {
    getSnapshot,
    subscribe,
    show,
    addressOf,
    async open(citation) {
      const address = addressOf(citation);
      if (address === null) return;
      const passages = await loadPassage().catch(() => null);
      // Not loaded: it is a link all the same.
      if (passages === null) return location.assign(address);
      if (passages.openCitation({ host, memory, citation, address }) === "away") return;
      onLeave();
      if (citation.quote === null) return;
      // Kept until it was looked for here: a page that handles the event may load another page, which then looks for it.
      memory.passage.set(citation.quote);
      await show(citation.quote);
      if (memory.passage.get() === citation.quote) memory.passage.set(null);
    },
    clear() {
      showing += 1;
      void loadPassage().then(
        ({ clearPassage }) => clearPassage(),
        () => undefined,
      );
      set("fine");
    },
  };
}

/** What follows a citation is needed by few readers of an answer. */
const loadPassage = (): Promise<typeof Passage> => import("./following-citation.ts");
