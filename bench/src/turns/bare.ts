import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { createPool } from "@chatkeep/core";

import { complete } from "./completion.ts";

// The least that a server can do which stores before it shows: the question is committed before the model is asked, and
// each piece before it is sent, by bare statements. No routes, owners, conversations, context, checks, resuming or end.
const [databaseUrl = "", modelUrl = "", kind = "bare"] = process.argv.slice(2);
const pool = createPool(databaseUrl);

/** Stores one question and the pieces of its answer. */
interface Store {
  begin(question: object): Promise<unknown>;
  add(pieces: readonly object[]): Promise<unknown>;
}

/** One table without keys: each call is one insert. */
const bareStore = async (): Promise<() => Store> => {
  await pool.query("create table if not exists pieces (id bigserial primary key, body json not null)");
  const add = (bodies: readonly object[]): Promise<unknown> =>
    pool.query({
      name: "store",
      text: "insert into pieces (body) select unnest($1::json[])",
      values: [bodies.map((body) => JSON.stringify(body))],
    });
  return () => ({ begin: (question) => add([question]), add });
};

/** What keeps our promises needs two keyed rows before the model is asked, and a keyed row for each numbered piece. */
const keyedStore = async (): Promise<() => Store> => {
  await pool.query(`
    create table if not exists questions (
      owner uuid, conversation uuid, id uuid, body json not null, primary key (owner, conversation, id)
    );
    create table if not exists turns (
      id uuid primary key, owner uuid, conversation uuid, question uuid,
      foreign key (owner, conversation, question) references questions
    );
    create table if not exists events (turn uuid references turns, seq integer, body json not null, primary key (turn, seq))`);
  return () => {
    const turn = randomUUID();
    let seq = 0;
    return {
      begin: (question) =>
        pool.query({
          name: "begin",
          text: `with question as (insert into questions values ($1, $2, $3, $4) returning owner, conversation, id)
            insert into turns select $5, q.* from question q`,
          values: [randomUUID(), randomUUID(), randomUUID(), JSON.stringify(question), turn],
        }),
      add: (pieces) =>
        pool.query({
          name: "add",
          text: "insert into events select $1, e.* from unnest($2::integer[], $3::json[]) e",
          values: [turn, pieces.map(() => (seq += 1)), pieces.map((piece) => JSON.stringify(piece))],
        }),
    };
  };
};

const newStore = await (kind === "keyed" ? keyedStore() : bareStore());

const server = createServer((request, response) => {
  void serve(request, response);
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = "";
  for await (const piece of request.setEncoding("utf8")) text += piece as string;
  const question = JSON.parse(text) as { content: string };
  const store = newStore();
  await store.begin(question);
  response.writeHead(200, { "content-type": "text/event-stream" });
  await answer(question.content, store, response);
  response.end("data: [DONE]\n\n");
}

/** What the model says while a statement is under way goes with the next one. */
async function answer(question: string, store: Store, response: ServerResponse): Promise<void> {
  let pending: { delta: string }[] = [];
  let storing: Promise<void> | undefined;
  const flush = async (): Promise<void> => {
    while (pending.length > 0) {
      const pieces = pending;
      pending = [];
      await store.add(pieces);
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
