/** Fastify: `DATABASE_URL=… node fastify.ts` */
import { createNodeHandler } from "chatkeep";
import fastify from "fastify";

import { chatkeep } from "./chatkeep.ts";

const app = fastify();
const handle = createNodeHandler(chatkeep);
app.get("/", () => "The host's own page");
app.register(async (scope) => {
  // Chatkeep reads bodies itself: Fastify takes 1 MB at most.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request, _body, done) => done(null));
  scope.all("/api/*", (request, reply) => {
    reply.hijack();
    handle(request.raw, reply.raw);
  });
});
await app.listen({ port: Number(process.env["PORT"] ?? 3000) });
