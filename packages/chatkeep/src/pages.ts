import { createFiles } from "@chatkeep/server";

/**
 * Answers requests for the pages that Vite built into `folder`: the app at `/`, which keeps its conversation in
 * `?c=`, and the operator's page at `/admin`. `/c/<id>` leads to the app, which says so when there is no such
 * conversation. Addresses are relative, so that all of it also works below a path.
 */
export function createPages(folder: string): (request: Request) => Promise<Response | undefined> {
  const files = createFiles({ folder, pages: { "/admin": "/admin.html" } });
  return async (request) => {
    const to = destinationOf(new URL(request.url).pathname);
    if (to === undefined) return files(request);
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
