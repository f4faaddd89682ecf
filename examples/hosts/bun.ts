/** Bun: `DATABASE_URL=… bun bun.ts` */
import { chatkeep } from "./chatkeep.ts";

export default {
  port: Number(process.env["PORT"] ?? 3000),
  fetch(request: Request): Response | Promise<Response> {
    const { pathname } = new URL(request.url);
    return pathname.startsWith("/api/") ? chatkeep.fetch(request) : new Response("The host's own page");
  },
};
