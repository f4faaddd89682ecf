/** Hono on Node: `DATABASE_URL=… node hono.ts` */
import { serve } from "@hono/node-server";
import { Hono } from "hono";

import { chatkeep } from "./chatkeep.ts";

const app = new Hono();
app.get("/", (context) => context.text("The host's own page"));
app.all("/api/*", (context) => chatkeep.fetch(context.req.raw, context.env));
serve({ fetch: app.fetch, port: Number(process.env["PORT"] ?? 3000) });
