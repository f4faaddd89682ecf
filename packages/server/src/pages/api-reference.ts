import { type Route, openRoutes } from "../http/route.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { type Page, escapeHtml as h, pageResponse } from "./page.ts";

/** The routes of the OpenAPI document and its page. `routes` returns all routes, these included. */
export function referenceRoutes(routes: () => readonly Route[]): Route[] {
  // Made on the first request: it takes some 20 ms, which the start does not wait for.
  let making: ReturnType<typeof makeReference> | undefined;
  const made = (): ReturnType<typeof makeReference> => (making ??= makeReference(routes()));
  const route = openRoutes("Documents");
  return [
    route("GET /openapi.json", {
      id: "openapi",
      summary: "This document",
      replies: { 200: { description: "OpenAPI 3.1.", text: { "application/json": "An OpenAPI document." } } },
      handle: async () => {
        const { json } = await made();
        return new Response(json, {
          headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-cache" },
        });
      },
    }),
    route("GET /docs", {
      id: "docs",
      summary: "This document as a page",
      replies: { 200: { description: "A page.", text: { "text/html": "A page without a script." } } },
      handle: async () => pageResponse((await made()).page),
    }),
    route("GET /pages.css", {
      id: "pagesStyle",
      summary: "The style sheet of the server's pages",
      replies: { 200: { description: "A style sheet.", text: { "text/css": "A style sheet." } } },
      handle: async () =>
        new Response(PAGE_STYLE, {
          headers: { "content-type": "text/css; charset=utf-8", "cache-control": "no-cache" },
        }),
    }),
  ];
}

async function makeReference(routes: readonly Route[]): Promise<{ json: string; page: Page }> {
  const [{ openapiOf }, { referenceOf }, { renderMarkdown }] = await Promise.all([
    import("./openapi.ts"),
    import("./reference.ts"),
    import("./markdown.ts"),
  ]);
  const document = openapiOf(routes);
  const { version, markdown, headings } = referenceOf(document);
  const link = ({ depth, title, anchor }: (typeof headings)[number]): string =>
    `<li class="depth${depth}"><a href="#${h(anchor)}">${h(title)}</a></li>`;
  const page = {
    title: "Chatkeep API",
    bar: `<span>API ${h(version)}</span><a href="/openapi.json">openapi.json</a>`,
    label: "Contents",
    contents: `<ul>${headings.map(link).join("\n")}</ul>`,
    main: `<h1>Chatkeep API</h1>\n${renderMarkdown(markdown, headings)}`,
  };
  return { json: JSON.stringify(document, null, 2), page };
}
