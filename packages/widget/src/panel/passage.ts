/** The name under which a passage is painted: `::highlight(chatkeep-passage)` styles it. */
const NAME = "chatkeep-passage";
/** In a layer, so that any rule of the page for it wins. The reader's own colours for marked text. */
const RULE = `@layer chatkeep { ::highlight(${NAME}) { background-color: #ffe8a3; color: #1d1c19; } }`;
/** A piece of a quote shorter than this is found anywhere and says nothing. */
const SHORTEST_PIECE = 12;

interface PassageOptions {
  /** The words as they stood when the answer was given, without marks of Markdown. */
  readonly quote: string;
  /** How long to wait for a page that is still being made, in milliseconds. */
  readonly waitMs: number;
}

/**
 * Finds a quote on the page, scrolls to it and paints it with the CSS Custom Highlight API, which changes nothing of the
 * page's elements. Resolves with whether it is there.
 */
export async function showPassage({ quote, waitMs }: PassageOptions): Promise<boolean> {
  clearPassage();
  const ranges = await untilFound(quote, waitMs);
  const [first] = ranges;
  if (first === undefined) return false;
  paint(ranges);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  first.startContainer.parentElement?.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  return true;
}

/** Takes the paint of the last passage away. */
export function clearPassage(): void {
  if ("highlights" in CSS) CSS.highlights.delete(NAME);
}

function paint(ranges: readonly Range[]): void {
  if (!("highlights" in CSS)) return;
  const { adoptedStyleSheets } = document;
  if (!adoptedStyleSheets.some((sheet) => sheet.cssRules[0]?.cssText.includes(NAME) === true)) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(RULE);
    document.adoptedStyleSheets = [...adoptedStyleSheets, sheet];
  }
  CSS.highlights.set(NAME, new Highlight(...ranges));
}

/** The quote's ranges, now or once the page has them. */
function untilFound(quote: string, waitMs: number): Promise<readonly Range[]> {
  return new Promise((resolve) => {
    const end = (ranges: readonly Range[]): void => {
      observer.disconnect();
      clearTimeout(timer);
      resolve(ranges);
    };
    const look = (): void => {
      const ranges = find(quote);
      if (ranges.length > 0) end(ranges);
    };
    const observer = new MutationObserver(look);
    const timer = setTimeout(() => end([]), waitMs);
    observer.observe(document.body, { childList: true, subtree: true, characterData: true });
    look();
  });
}

/** The whole quote, else those of its lines that are there, if they are most of it. */
function find(quote: string): readonly Range[] {
  const page = readPage();
  const whole = page.find(quote);
  if (whole !== null) return [whole];
  const lines = quote.split("\n").filter((line) => line.trim().length >= SHORTEST_PIECE);
  const found = lines.flatMap((line) => {
    const range = page.find(line);
    return range === null ? [] : [range];
  });
  return found.length * 2 > lines.length ? found : [];
}

/** The text of the page as one line, and where each of its characters stands. */
function readPage(): { find(text: string): Range | null } {
  const walker = document.createTreeWalker(
    document.body,
    NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT,
    (node) =>
      node instanceof Element && node.matches("script, style, noscript, template, textarea, [hidden]")
        ? NodeFilter.FILTER_REJECT
        : NodeFilter.FILTER_ACCEPT,
  );
  let text = "";
  const places: { readonly node: Node; readonly offset: number }[] = [];
  const add = (char: string, node: Node, offset: number): void => {
    const space = char === " ";
    if (space && (text === "" || text.endsWith(" "))) return;
    text += char;
    for (let unit = 0; unit < char.length; unit++) places.push({ node, offset });
  };
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node instanceof Element) {
      // A new block or line parts words; an inline element does not.
      if (
        node.matches(
          "br, p, li, h1, h2, h3, h4, h5, h6, div, section, article, pre, blockquote, table, tr, td, th, dt, dd",
        )
      )
        add(" ", node, 0);
      continue;
    }
    const { data } = node as Text;
    for (let offset = 0; offset < data.length; offset++) add(plain(data.charAt(offset)), node, offset);
  }
  return {
    find(wanted) {
      const plainWanted = Array.from(wanted, plain).join("").replace(/ +/g, " ").trim();
      const start = plainWanted === "" ? -1 : text.indexOf(plainWanted);
      const first = places[start];
      const last = places[start + plainWanted.length - 1];
      if (start === -1 || first === undefined || last === undefined) return null;
      const range = document.createRange();
      range.setStart(first.node, first.offset);
      range.setEnd(last.node, last.offset + 1);
      return range;
    },
  };
}

/** A character as it is compared: what typography makes of quotes, dashes and spaces differs from page to page. */
function plain(char: string): string {
  if (/\s/.test(char)) return " ";
  if (/[\u00ad\u200b-\u200d\u2060\ufeff]/.test(char)) return "";
  if (/[‘’‚‛′]/.test(char)) return "'";
  if (/[“”„‟″«»]/.test(char)) return '"';
  if (/[‐‑‒–—―]/.test(char)) return "-";
  return char === "…" ? "..." : char;
}
