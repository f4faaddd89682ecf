import { type Route, openRoutes } from "../http/route.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { pageResponse } from "./page.ts";

/** The OpenAPI document, the page that shows it, and the look of the pages. `routes` gives all routes, these included. */
export function referenceRoutes(routes: () => readonly Route[]): Route[] {
  let document: Promise<{ json: string; page: string }> | undefined;
  const documented = (): Promise<{ json: string; page: string }> => (document ??= makeDocuments(routes()));

  const route = openRoutes("Documents");
  return [
    route("GET /openapi.json", {
      id: "openapi",
      summary: "This document",
      replies: { 200: { description: "OpenAPI 3.1.", text: { "application/json": "An OpenAPI document." } } },
      handle: async () => {
        const { json } = await documented();
        return new Response(json, {
          headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-cache" },
        });
      },
    }),
    route("GET /docs", {
      id: "docs",
      summary: "This document as a page",
      replies: { 200: { description: "A page.", text: { "text/html": "A page without a script." } } },
      handle: async () => pageResponse({ title: "Chatkeep API", body: (await documented()).page }),
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

/** Made when first asked for: they cost some 20 ms, which a start does not have to wait for. */
async function makeDocuments(routes: readonly Route[]): Promise<{ json: string; page: string }> {
  const [{ openapiOf }, { docsBody }] = await Promise.all([
    import("./openapi.ts"),
    import("./api-reference-page.ts"),
  ]);
  const document = openapiOf(routes);
  return { json: JSON.stringify(document, null, 2), page: docsBody(document) };
}
