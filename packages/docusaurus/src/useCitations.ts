import { useHistory } from "@docusaurus/router";
import { useEffect } from "react";

import type { Pages } from "./pages.ts";

/** What is used of the widget's event `chatkeep-navigate`. */
type Navigate = CustomEvent<{
  readonly citation: { readonly path: string; readonly anchor: string | null };
}>;

/** Lets the site's router go to what an answer cites, where a page of the docs shows that file; no page is loaded anew. */
export function useCitations(): void {
  const history = useHistory();
  useEffect(() => {
    let pages: Pages = {};
    const load = (): void => {
      import("@generated/chatkeep/default/pages.json").then(
        ({ default: loaded }) => (pages = loaded),
        // A deploy took the file away: the widget then opens the server's own page of the document.
        () => undefined,
      );
    };
    const navigate = (event: Event): void => {
      const { path, anchor } = (event as Navigate).detail.citation;
      const page = pages[path];
      if (page === undefined) return;
      event.preventDefault();
      history.push(anchor === null ? page : `${page}#${encodeURIComponent(anchor)}`);
    };
    // After a reload the panel may have been open before this page's code ran.
    if (document.querySelector("chatkeep-chat[open]") !== null) load();
    document.addEventListener("chatkeep-open", load);
    document.addEventListener("chatkeep-navigate", navigate);
    return () => {
      document.removeEventListener("chatkeep-open", load);
      document.removeEventListener("chatkeep-navigate", navigate);
    };
  }, [history]);
}
