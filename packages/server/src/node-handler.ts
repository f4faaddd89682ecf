import type { IncomingMessage, ServerResponse } from "node:http";

import { getRequestListener } from "@hono/node-server";

import type { Fetch } from "./http/router.ts";

/** Answers a request of Node, whatever happens. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Makes a handler for Express, Fastify and `node:http` of a mount or a server. It takes the body from `request.body`
 * where the host has read it.
 */
export function createNodeHandler({ fetch }: { readonly fetch: Fetch }): NodeHandler {
  // By default the adapter replaces the `Request` and `Response` of the whole process.
  const answer = getRequestListener(fetch, { overrideGlobalObjects: false });
  return (request, response) => void answer(request, response);
}
