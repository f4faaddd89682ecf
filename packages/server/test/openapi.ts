import { writeFileSync } from "node:fs";

import { seedApis } from "@chatkeep/seeds";
import { type ServedHistory, createServer } from "@chatkeep/server";

/** Writes `openapi.json`, which a test compares with the server's: `npm run openapi -w @chatkeep/server`. */
const server = createServer({
  // The document is asked for, and nothing else.
  history: {} as ServedHistory,
  health: () => Promise.resolve({ status: "ok", database: { status: "ok", latencyMs: 0, reason: null } }),
  apis: [seedApis()],
  docs: {
    documents: () => Promise.resolve([]),
    document: () => Promise.resolve(null),
    former: () => Promise.resolve(null),
    openCitation: ({ quote }) =>
      Promise.resolve({
        status: "unknown",
        changedAt: null,
        present: false,
        document: null,
        passage: null,
        quote,
      }),
  },
});
const response = await server.fetch(new Request("http://localhost/openapi.json"));
writeFileSync(new URL("../openapi.json", import.meta.url), `${await response.text()}\n`);
