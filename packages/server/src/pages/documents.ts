import { ChatkeepError } from "@chatkeep/protocol";
import { z } from "zod";

import { type Call, type Route, openRoutes, ownerRoutes } from "../http/route.ts";
import { escapeHtml as h, pageResponse } from "./page.ts";

/** An entry in the list of documents. */
interface DocumentEntry {
  /** The path of the file within the docs, with forward slashes. */
  readonly path: string;
  readonly title: string;
  /** The address of its page: `/documents/<path>`. */
  readonly url: string;
}

interface DocumentText extends DocumentEntry {
  readonly markdown: string;
  /** The headings below the title, in order, with the anchors that citations name. */
  readonly sections: readonly {
    readonly title: string;
    readonly anchor: string;
    readonly depth: number;
  }[];
}

/** Docs, as far as their pages need them. The agent's `Docs` has this shape. */
export interface Documents {
  documents(): Promise<readonly DocumentEntry[]>;
  /** `null` when no document has this path. */
  document(path: string): Promise<DocumentText | null>;
  /** The text before the document last changed or was removed; `null` when it never changed. */
  former(path: string): Promise<(DocumentText & { readonly until: string }) | null>;
  /** Opens a cited passage, even if the docs have changed since. */
  openCitation(cited: { readonly path: string; readonly quote: string }): Promise<{
    readonly status: "current" | "changed" | "unknown";
    readonly changedAt: string | null;
    readonly present: boolean;
    readonly document: string | null;
    readonly passage: string | null;
    readonly quote: string;
  }>;
}

const documentList = z
  .strictObject({
    documents: z.array(z.strictObject({ path: z.string(), title: z.string(), url: z.string() })),
  })
  .meta({ id: "DocumentList" });

const citedPlace = z.strictObject({ path: z.string(), quote: z.string().min(1).max(10_000) });
const openedCitation = z
  .strictObject({
    status: z.enum(["current", "changed", "unknown"]),
    changed_at: z.string().nullable(),
    present: z.boolean(),
    document: z.string().nullable(),
    passage: z.string().nullable(),
    quote: z.string(),
  })
  .meta({ id: "OpenedCitation" });

/** The pages of docs, which citations link to. */
export function documentRoutes(docs: Documents): Route[] {
  const route = openRoutes("Documents");
  return [
    route("GET /documents", {
      id: "listDocuments",
      summary: "List the documents",
      description: "A page for people; with `Accept: application/json` the same list as data.",
      replies: {
        200: {
          description: "The documents, in order.",
          json: documentList,
          text: { "text/html": "A page without a script." },
        },
      },
      errors: ["unavailable"],
      handle: async ({ request }) => {
        const documents = await docs.documents();
        if (request.headers.get("accept")?.startsWith("application/json") === true) return listed(documents);
        const items = documents.map(({ title, url }) => `<li><a href="${h(url)}">${h(title)}</a></li>`);
        return page(
          "Documents",
          documents,
          undefined,
          `<h1>Documents</h1>\n<ol class="documents">${items.join("")}</ol>`,
        );
      },
    }),
    ownerRoutes("Documents")("POST /api/documents/citations", {
      id: "openCitation",
      summary: "Open a cited passage, even if the docs have changed since",
      description:
        "`changed`: the docs held the passage until `changed_at`. The quote is chat text, so it travels in the body.",
      body: citedPlace,
      replies: { 200: { description: "The passage, and whether it still stands.", json: openedCitation } },
      errors: ["unavailable"],
      handle: async ({ body }) => {
        const { changedAt, ...opened } = await docs.openCitation(body);
        return Response.json(
          { ...opened, changed_at: changedAt },
          { headers: { "cache-control": "no-store" } },
        );
      },
    }),
    ...movedRoutes(),
    route("GET /documents/{path}", {
      id: "readDocument",
      summary: "Read a document",
      description: "Shows when the document changed and what it said before, also for a removed document.",
      params: { path: z.string() },
      replies: { 200: { description: "A page.", text: { "text/html": "A page without a script." } } },
      errors: ["not_found", "unavailable"],
      handle: async ({ path }) => {
        const [documents, document, former] = await Promise.all([
          docs.documents(),
          docs.document(path.path),
          docs.former(path.path),
        ]);
        const shown = document ?? former;
        if (shown === null)
          throw new ChatkeepError("not_found", "The docs have no such document. `/documents` lists them.");
        const { renderMarkdown } = await import("./markdown.ts");
        const index = documents.findIndex(({ url }) => url === shown.url);
        const before =
          document === null || former === null
            ? ""
            : `<details class="note"><summary>Changed on ${day(former.until)}: what it said before</summary>
<h2>${h(former.title)}</h2>\n${renderMarkdown(former.markdown, [])}\n</details>`;
        const gone =
          document === null && former !== null
            ? `<p class="note">The docs no longer have this document. This is what it said until ${day(former.until)}.</p>`
            : "";
        const body = `<article>\n<h1>${h(shown.title)}</h1>\n${gone}${before}${renderMarkdown(shown.markdown, shown.sections)}\n</article>
${document === null ? "" : turnLinks(documents[index - 1], documents[index + 1])}`;
        return page(shown.title, documents, shown.url, body);
      },
    }),
  ];
}

/** Addresses of an earlier release, which stored citations still name. */
function movedRoutes(): Route[] {
  const route = openRoutes("Documents");
  const moved = {
    summary: "A former address",
    replies: { 308: { description: "The address is in `location`.", text: { "text/html": "Empty." } } },
    handle: async ({ request }: Call) => {
      const { pathname, search } = new URL(request.url);
      const location = `${pathname.replace(/\/book(?=\/|$)/, "/documents")}${search}`;
      return new Response(null, { status: 308, headers: { location } });
    },
  };
  return [
    route("GET /book", { ...moved, id: "movedDocuments" }),
    route("GET /book/{path}", { ...moved, id: "movedDocument", params: { path: z.string() } }),
    route("POST /api/book/citations", { ...moved, id: "movedCitations" }),
  ];
}

function listed(documents: readonly DocumentEntry[]): Response {
  const list = documents.map(({ path, title, url }) => ({ path, title, url }));
  return Response.json({ documents: list }, { headers: { "cache-control": "no-cache", vary: "accept" } });
}

function page(
  title: string,
  documents: readonly DocumentEntry[],
  current: string | undefined,
  main: string,
): Response {
  const items = documents.map(
    ({ title, url }) =>
      `<li><a href="${h(url)}"${url === current ? ' aria-current="page"' : ""}>${h(title)}</a></li>`,
  );
  return pageResponse({
    title,
    bar: '<a href="/documents">Documents</a>',
    label: "Documents",
    contents: `<ul>${items.join("\n")}</ul>`,
    main,
  });
}

function day(instant: string): string {
  return `<time datetime="${h(instant)}">${h(instant.slice(0, 10))}</time>`;
}

function turnLinks(before: DocumentEntry | undefined, after: DocumentEntry | undefined): string {
  if (before === undefined && after === undefined) return "";
  const link = (document: DocumentEntry | undefined, rel: string, word: string): string =>
    document === undefined
      ? "<span></span>"
      : `<a rel="${rel}" href="${h(document.url)}"><small>${word}</small>${h(document.title)}</a>`;
  return `<div class="turn">${link(before, "prev", "Before")}${link(after, "next", "Next")}</div>`;
}
