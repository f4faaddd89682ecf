import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { createPool } from "@chatkeep/core";

import { complete } from "./completion.ts";

// The least that a server can do which stores before it shows: the question is committed before the model is asked, and
// each piece before it is sent, by bare statements. No routes, owners, conversations, context, checks, resuming or end.
const [databaseUrl = "", modelUrl = ""] = process.argv.slice(2);
const pool = createPool(databaseUrl);
await pool.query("create table if not exists pieces (id bigserial primary key, body json not null)");

/** Stores them with one statement. */
const store = (bodies: readonly object[]): Promise<unknown> =>
  pool.query({
    name: "store",
    text: "insert into pieces (body) select unnest($1::json[])",
    values: [bodies.map((body) => JSON.stringify(body))],
  });

const server = createServer((request, response) => {
  void serve(request, response);
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = "";
  for await (const piece of request.setEncoding("utf8")) text += piece as string;
  const question = JSON.parse(text) as { content: string };
  await store([question]);
  response.writeHead(200, { "content-type": "text/event-stream" });
  await answer(question.content, response);
  response.end("data: [DONE]\n\n");
}

/** What the model says while a statement is under way goes with the next one. */
async function answer(question: string, response: ServerResponse): Promise<void> {
  let pending: { delta: string }[] = [];
  let storing: Promise<void> | undefined;
  const flush = async (): Promise<void> => {
    while (pending.length > 0) {
      const pieces = pending;
      pending = [];
      await store(pieces);
      response.write(pieces.map((piece) => `data: ${JSON.stringify(piece)}\n\n`).join(""));
    }
    storing = undefined;
  };
  for await (const delta of complete(modelUrl, question)) {
    pending.push({ delta });
    storing ??= flush();
  }
  await storing;
}

server.listen(0, "127.0.0.1");
await once(server, "listening");
process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
