import { fileURLToPath } from "node:url";

import { createFiles } from "@chatkeep/server";

/** What other sites embed. */
export const WIDGET_FOLDER: string = fileURLToPath(new URL(".", import.meta.resolve("@chatkeep/widget")));

/** Answers requests for `/widget.js` and what it loads, from pages of any site: the `fallback` of a mount. */
export const widget: (request: Request) => Promise<Response | undefined> = createFiles({
  folder: WIDGET_FOLDER,
  pages: { "/widget.js": "/widget.js" },
  readers: "any site",
});
