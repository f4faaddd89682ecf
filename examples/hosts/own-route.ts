/** A route that keeps its own `streamText` call, on Node: `DATABASE_URL=… OPENAI_BASE_URL=… node own-route.ts` */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { serve } from "@hono/node-server";
import { streamText } from "ai";
import { authenticateSession, createChatkeep } from "chatkeep";
import { Hono } from "hono";

const provider = createOpenAICompatible({ name: "own", baseURL: process.env["OPENAI_BASE_URL"] ?? "" });
const chatkeep = createChatkeep({
  database: process.env["DATABASE_URL"],
  authenticate: authenticateSession,
});

const app = new Hono();
app.get("/", (context) => context.text("The host's own page"));
app.post("/api/chat", async ({ req }) => {
  using turn = await chatkeep.turn(req.raw);
  const { messages, signal: abortSignal } = turn;
  return await turn.respond(streamText({ model: provider("llama3.2"), messages, abortSignal }));
});
app.all("/api/*", ({ req, env }) => chatkeep.fetch(req.raw, env));
serve({ fetch: app.fetch, port: Number(process.env["PORT"] ?? 3000) });
