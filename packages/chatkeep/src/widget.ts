import { fileURLToPath } from "node:url";

import { createWidget } from "./pages.ts";

/** Answers requests for `/widget.js` and what it loads, from pages of any site: the `fallback` of a mount. */
export const widget: (request: Request) => Promise<Response | undefined> = createWidget(
  fileURLToPath(new URL(".", import.meta.resolve("@chatkeep/widget"))),
);
