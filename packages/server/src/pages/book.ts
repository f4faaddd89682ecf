import { ChatkeepError } from "@chatkeep/protocol";
import { z } from "zod";

import { chapterPath } from "../apis/schema/path.ts";
import { type Route, openRoute, ownerRoute } from "../http/route.ts";
import { escapeHtml as h, pageResponse } from "./page.ts";

/** A chapter in the list of a book. */
interface ChapterEntry {
  /** The file within the book, with forward slashes. */
  readonly path: string;
  readonly title: string;
  /** Where its page is: `/book/<path>`. */
  readonly url: string;
}

interface ChapterText extends ChapterEntry {
  readonly markdown: string;
  /** Its headings below the title, in order, with the anchors that citations point to. */
  readonly sections: readonly {
    readonly title: string;
    readonly anchor: string;
    readonly depth: number;
  }[];
}

/** The chapters of a book, as far as their pages need them; the agent's `Book` has this shape. */
export interface Chapters {
  chapters(): Promise<readonly ChapterEntry[]>;
  /** `null` when there is none under this path. */
  chapter(path: string): Promise<ChapterText | null>;
  /** What it said until it last changed, or went; `null` when it always said the same. */
  former(path: string): Promise<(ChapterText & { readonly until: string }) | null>;
  /** Opens what was cited, also when the book has changed since. */
  openCitation(cited: { readonly path: string; readonly quote: string }): Promise<{
    readonly status: "current" | "changed" | "unknown";
    readonly changedAt: string | null;
    readonly present: boolean;
    readonly chapter: string | null;
    readonly passage: string | null;
    readonly quote: string;
  }>;
}

const chapterList = z
  .strictObject({
    chapters: z.array(z.strictObject({ path: z.string(), title: z.string(), url: z.string() })),
  })
  .meta({ id: "ChapterList" });

const citedPlace = z.strictObject({ path: z.string(), quote: z.string().min(1).max(10_000) });
const openedCitation = z
  .strictObject({
    status: z.enum(["current", "changed", "unknown"]),
    changed_at: z.string().nullable(),
    present: z.boolean(),
    chapter: z.string().nullable(),
    passage: z.string().nullable(),
    quote: z.string(),
  })
  .meta({ id: "OpenedCitation" });

/** The pages of a book, to which citations lead. */
export function bookRoutes(book: Chapters): Route[] {
  return [
    openRoute({
      id: "book",
      method: "GET",
      path: "/book",
      tag: "Documents",
      summary: "The chapters of the book",
      description: "A page for people; with `Accept: application/json` the same list as data.",
      replies: {
        200: {
          description: "The chapters, in order.",
          json: chapterList,
          text: { "text/html": "A page without a script." },
        },
      },
      errors: ["unavailable"],
      handle: async ({ request }) => {
        const chapters = await book.chapters();
        if (request.headers.get("accept")?.startsWith("application/json") === true) return listed(chapters);
        const items = chapters.map(({ title, url }) => `<li><a href="${h(url)}">${h(title)}</a></li>`);
        return page(
          "Book",
          chapters,
          undefined,
          `<h1>Book</h1>\n<ol class="chapters">${items.join("")}</ol>`,
        );
      },
    }),
    ownerRoute({
      id: "openCitation",
      method: "POST",
      path: "/api/book/citations",
      tag: "Documents",
      summary: "Open what was cited, also when the book has changed since",
      description:
        "`changed`: the book said so until `changed_at`. A quote is chat text, so it stands in the body.",
      body: citedPlace,
      replies: { 200: { description: "The passage, and whether it still stands.", json: openedCitation } },
      errors: ["unavailable"],
      handle: async ({ body }) => {
        const { changedAt, ...opened } = await book.openCitation(body);
        return Response.json(
          { ...opened, changed_at: changedAt },
          { headers: { "cache-control": "no-store" } },
        );
      },
    }),
    openRoute({
      id: "bookChapter",
      method: "GET",
      path: "/book/{path}",
      tag: "Documents",
      summary: "A chapter of the book",
      description: "Says when it has changed, and shows what it said before; also of a chapter that is gone.",
      params: chapterPath,
      replies: { 200: { description: "A page.", text: { "text/html": "A page without a script." } } },
      errors: ["not_found", "unavailable"],
      handle: async ({ path }) => {
        const [chapters, chapter, former] = await Promise.all([
          book.chapters(),
          book.chapter(path.path),
          book.former(path.path),
        ]);
        const shown = chapter ?? former;
        if (shown === null)
          throw new ChatkeepError("not_found", "The book has no such chapter. `/book` lists them.");
        const { renderMarkdown } = await import("./markdown.ts");
        const index = chapters.findIndex(({ url }) => url === shown.url);
        const before =
          chapter === null || former === null
            ? ""
            : `<details class="note"><summary>Changed on ${day(former.until)}: what it said before</summary>
<h2>${h(former.title)}</h2>\n${renderMarkdown(former.markdown, [])}\n</details>`;
        const gone =
          chapter === null && former !== null
            ? `<p class="note">The book no longer has this chapter. This is what it said until ${day(former.until)}.</p>`
            : "";
        const body = `<article>\n<h1>${h(shown.title)}</h1>\n${gone}${before}${renderMarkdown(shown.markdown, shown.sections)}\n</article>
${chapter === null ? "" : turnLinks(chapters[index - 1], chapters[index + 1])}`;
        return page(shown.title, chapters, shown.url, body);
      },
    }),
  ];
}

function listed(chapters: readonly ChapterEntry[]): Response {
  const list = chapters.map(({ path, title, url }) => ({ path, title, url }));
  return Response.json({ chapters: list }, { headers: { "cache-control": "no-cache", vary: "accept" } });
}

function page(
  title: string,
  chapters: readonly ChapterEntry[],
  current: string | undefined,
  content: string,
): Response {
  const items = chapters.map(
    (chapter) =>
      `<li><a href="${h(chapter.url)}"${chapter.url === current ? ' aria-current="page"' : ""}>${h(chapter.title)}</a></li>`,
  );
  return pageResponse({
    title,
    body: `
<a class="skip" href="#main">Skip to the content</a>
<header class="bar"><a href="/">Chatkeep</a><a href="/book">Book</a></header>
<div class="columns">
<nav aria-label="Chapters"><ul>${items.join("\n")}</ul></nav>
<main id="main" class="text">
${content}
</main>
</div>`,
  });
}

/** The day of an instant, for people and for programs. */
function day(instant: string): string {
  return `<time datetime="${h(instant)}">${h(instant.slice(0, 10))}</time>`;
}

function turnLinks(before: ChapterEntry | undefined, after: ChapterEntry | undefined): string {
  if (before === undefined && after === undefined) return "";
  const link = (chapter: ChapterEntry | undefined, rel: string, word: string): string =>
    chapter === undefined
      ? "<span></span>"
      : `<a rel="${rel}" href="${h(chapter.url)}"><small>${word}</small>${h(chapter.title)}</a>`;
  return `<div class="turn">${link(before, "prev", "Before")}${link(after, "next", "Next")}</div>`;
}
