import { writeFileSync } from "node:fs";

import { type ServedHistory, createServer } from "@chatkeep/server";

/** Writes `openapi.json` anew, the file that a test compares with what the server tells: `npm run openapi -w packages/server`. */
const server = createServer({
  // The document is asked for, and nothing else.
  history: {} as ServedHistory,
  health: () => Promise.resolve({ status: "ok", database: { status: "ok", latencyMs: 0 } }),
  book: {
    chapters: () => Promise.resolve([]),
    chapter: () => Promise.resolve(null),
    former: () => Promise.resolve(null),
    openCitation: ({ quote }) =>
      Promise.resolve({
        status: "unknown",
        changedAt: null,
        present: false,
        chapter: null,
        passage: null,
        quote,
      }),
  },
});
const response = await server.fetch(new Request("http://localhost/openapi.json"));
writeFileSync(new URL("../openapi.json", import.meta.url), `${await response.text()}\n`);
