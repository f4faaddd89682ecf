/** Node's own server: `DATABASE_URL=… node node.ts` */
import { createServer } from "node:http";

import { createNodeHandler } from "chatkeep";

import { chatkeep } from "./chatkeep.ts";

const handle = createNodeHandler(chatkeep);
const server = createServer((request, response) => {
  if (request.url?.startsWith("/api/") === true) handle(request, response);
  else response.end("The host's own page");
});
server.listen(Number(process.env["PORT"] ?? 3000));
