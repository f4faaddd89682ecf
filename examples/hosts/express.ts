/** Chatkeep in an Express app, under `/assistant`. Start it with `DATABASE_URL` (and `PORT`). */
import type { AddressInfo } from "node:net";

import { createPool } from "@chatkeep/core";
import { seedApis } from "@chatkeep/seeds";
import { authenticateSession, createChatkeep, createLog } from "@chatkeep/server";
import { getRequestListener } from "@hono/node-server";
import express from "express";

const pool = createPool(process.env["DATABASE_URL"] ?? "");
const chatkeep = createChatkeep({
  pool,
  authenticate: authenticateSession,
  async *responder({ question }) {
    yield `You said “${question.content}”.`;
  },
  apis: [seedApis()],
  log: createLog({ level: "warn" }),
});
await chatkeep.migrate();

const app = express();
app.get("/", (_, response) => void response.send("The host's own page"));
// Express takes the path off that it is mounted under.
app.use("/assistant", getRequestListener(chatkeep.fetch));

const server = app.listen(Number(process.env["PORT"] ?? 0), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

process.once("SIGTERM", () => {
  server.close();
  server.closeIdleConnections();
  void chatkeep.close({ grace: 5000 }).then(() => pool.end());
});
