import type { SearchHit } from "@chatkeep/protocol";

/** Styled by `::highlight(ck-found)`. */
const NAME = "ck-found";

/**
 * Marks the words of a hit in its message, once that is shown, and scrolls to the best place. Without the CSS Custom
 * Highlight API, the place is selected instead. Ends when `signal` aborts.
 */
export function markWords(hit: SearchHit, signal: AbortSignal): void {
  if (signal.aborted) return;
  let frame = 0;
  let shown = false;
  const look = (): void => {
    const article = document.querySelector(`article[data-id~="${CSS.escape(hit.message.id)}"]`);
    if (article === null) return;
    const ranges = rangesOf(article, hit);
    const first = ranges.find(({ isBest }) => isBest) ?? ranges[0];
    if (first === undefined) return;
    paint(ranges.map(({ range }) => range));
    if (shown) return;
    shown = true;
    reveal(first.range);
  };
  // The message comes later, and its Markdown is drawn anew while it is loaded.
  const observer = new MutationObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(look);
  });
  observer.observe(document.querySelector("main") ?? document.body, { childList: true, subtree: true });
  signal.addEventListener("abort", () => {
    observer.disconnect();
    cancelAnimationFrame(frame);
    if ("highlights" in CSS) CSS.highlights.delete(NAME);
  });
  look();
}

function paint(ranges: readonly Range[]): void {
  if ("highlights" in CSS) CSS.highlights.set(NAME, new Highlight(...ranges));
  else {
    const selection = getSelection();
    selection?.removeAllRanges();
    if (ranges[0] !== undefined) selection?.addRange(ranges[0]);
  }
}

/** Scrolls to a range that its message's own place does not show. */
function reveal(range: Range): void {
  const box = range.startContainer.parentElement?.closest(".ck-scroll")?.getBoundingClientRect();
  const { top, bottom } = range.getBoundingClientRect();
  if (box !== undefined && (top < box.top || bottom > box.bottom))
    range.startContainer.parentElement?.scrollIntoView({ block: "center" });
}

interface Found {
  readonly range: Range;
  /** Whether it is where the snippet was taken from. */
  readonly isBest: boolean;
}

/** Where the marked words of a hit's snippet stand in an element. */
function rangesOf(element: Element, { snippet }: SearchHit): readonly Found[] {
  const words = new Set(snippet.marks.map(({ start, end }) => snippet.text.slice(start, end)));
  const [firstMark] = snippet.marks;
  if (firstMark === undefined) return [];
  const any = [...words]
    .sort((one, other) => other.length - one.length)
    .map(escape)
    .join("|");
  const { text, at } = read(element);
  const whole = [...text.matchAll(new RegExp(`(?<![\\p{L}\\p{N}])(?:${any})(?![\\p{L}\\p{N}])`, "gu"))];
  // Not every language parts its words.
  const matches = whole.length > 0 ? whole : [...text.matchAll(new RegExp(any, "gu"))];
  const around = letters(snippet.text.slice(firstMark.start)).slice(0, CONTEXT);
  return matches.flatMap(({ index, 0: word }) => {
    const from = at(index);
    const to = at(index + word.length - 1);
    if (from === undefined || to === undefined) return [];
    const range = document.createRange();
    range.setStart(from.node, from.offset);
    range.setEnd(to.node, to.offset + 1);
    const here = letters(text.slice(index, index + 4 * CONTEXT));
    return [{ range, isBest: here.startsWith(around) }];
  });
}

/** Letters that distinguish one place of a word from the others. */
const CONTEXT = 40;

/** The letters and digits of a text, which Markdown does not change. */
function letters(text: string): string {
  return text.replace(/[^\p{L}\p{N}]+/gu, "");
}

function escape(text: string): string {
  return text.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&");
}

/** The text of an element, and where each of its characters stands. */
function read(element: Element): {
  readonly text: string;
  readonly at: (index: number) => { readonly node: Text; readonly offset: number } | undefined;
} {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, (node) =>
    node instanceof Element && node.matches(".ck-hidden, button, .ck-actions")
      ? NodeFilter.FILTER_REJECT
      : NodeFilter.FILTER_ACCEPT,
  );
  let text = "";
  const nodes: { readonly node: Text; readonly from: number }[] = [];
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (!(node instanceof Text)) continue;
    nodes.push({ node, from: text.length });
    text += node.data;
  }
  return {
    text,
    at(index) {
      const found = nodes.findLast(({ from }) => from <= index);
      return found && { node: found.node, offset: index - found.from };
    },
  };
}
