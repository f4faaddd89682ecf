import { createFiles } from "@chatkeep/server";

type Files = (request: Request) => Promise<Response | undefined>;

export interface PagesOptions {
  /** Where Vite has built the pages. */
  readonly folder: string;
  /** {@link createWidget}. */
  readonly widget: Files;
}

/** Answers requests for `/widget.js` and what it loads, from pages of any site. Vite has built them in `folder`. */
export function createWidget(folder: string): Files {
  return createFiles({ folder, pages: { "/widget.js": "/widget.js" }, readers: "any site" });
}

/**
 * Answers requests for the pages and for the widget: the app at `/`, which keeps its conversation in
 * `?c=`, and the operator's page at `/admin`. `/c/<id>` leads to the app, which says so when there is no such
 * conversation. `/share/<token>` leads to the page of a link, which search engines must not index. Addresses are relative,
 * so that everything also works below a path.
 */
export function createPages({ folder, widget }: PagesOptions): Files {
  const pages = createFiles({ folder, pages: { "/admin": "/admin.html" } });
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const to = destinationOf(pathname);
    const response =
      to === undefined
        ? ((await pages(request)) ?? (await widget(request)))
        : new Response(null, { status: 302, headers: { location: to, "cache-control": "no-cache" } });
    const isLink = searchParams.has("share") || pathname.startsWith("/share/");
    if (isLink) response?.headers.set("x-robots-tag", "noindex, nofollow");
    return response;
  };
}

function destinationOf(path: string): string | undefined {
  if (path === "/admin/") return "../admin";
  const [, kind = "", id, slash] = /^\/(c|share)\/([^/]+)(\/?)$/.exec(path) ?? [];
  if (id === undefined) return undefined;
  return `${slash === "" ? "../" : "../../"}?${kind}=${encodeURIComponent(decoded(id))}`;
}

/** A segment of a path; one that is not percent-encoded rightly is taken as it stands. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
