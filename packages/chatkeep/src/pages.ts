import { createFiles } from "@chatkeep/server";

export interface PagesOptions {
  /** Where Vite has built the pages. */
  readonly folder: string;
  /** Where it has built `widget.js` and what that loads; the pages of any site may load them. */
  readonly widget: string;
}

/**
 * Answers requests for the pages and for the widget: the app at `/`, which keeps its conversation in
 * `?c=`, and the operator's page at `/admin`. `/c/<id>` leads to the app, which says so when there is no such
 * conversation. Addresses are relative, so that all of it also works below a path.
 */
export function createPages(options: PagesOptions): (request: Request) => Promise<Response | undefined> {
  const pages = createFiles({ folder: options.folder, pages: { "/admin": "/admin.html" } });
  const widget = createFiles({
    folder: options.widget,
    pages: { "/widget.js": "/widget.js" },
    readers: "any site",
  });
  return async (request) => {
    const to = destinationOf(new URL(request.url).pathname);
    if (to === undefined) return (await pages(request)) ?? widget(request);
    return new Response(null, { status: 302, headers: { location: to, "cache-control": "no-cache" } });
  };
}

function destinationOf(path: string): string | undefined {
  if (path === "/admin/") return "../admin";
  const [, id, slash] = /^\/c\/([^/]+)(\/?)$/.exec(path) ?? [];
  if (id === undefined) return undefined;
  return `${slash === "" ? "../" : "../../"}?c=${encodeURIComponent(decoded(id))}`;
}

/** A segment of a path; one that is not percent-encoded rightly is taken as it stands. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
