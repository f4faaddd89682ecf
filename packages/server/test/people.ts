import { randomUUID } from "node:crypto";

import {
  type ConnectionPool,
  type CoreHistory,
  type HistoryOptions,
  createHistory,
  createPool,
  ownerId,
} from "@chatkeep/core";
import type { Owner, Responder } from "@chatkeep/protocol";
import {
  type Server,
  type ServerOptions,
  authenticatePeople,
  createLog,
  createServer,
  createTokenCheck,
  listen,
  makeServerKey,
  mintToken,
  readServerKeys,
} from "@chatkeep/server";
import { UNHURRIED } from "@chatkeep/testing";
import { afterAll } from "vitest";

/** What signs the tokens of tests. */
export const SECRET = "a secret of tests that is longer than 32 bytes";
/** Who issues them. */
export const ISSUER = "https://issuer.example";

/** The headers of a request that prove who sent it. */
export type Credentials = Readonly<Record<string, string>>;

/** A person of a test: who they are and how they prove it. */
export interface Person {
  readonly owner: Owner;
  readonly credentials: Credentials;
}

/** A server that knows users, sessions and server keys, on a real port. */
export interface PeopleServer {
  readonly url: string;
  readonly server: Server;
  readonly history: CoreHistory;
  /** The SQL functions that the history called so far for this owner, in order. */
  statements(owner: Owner): readonly string[];
  /** All that was logged so far. */
  logged(): string;
  call(method: string, path: string, init?: { credentials?: Credentials; body?: unknown }): Promise<Response>;
}

/** A new user with a token. */
export async function newUser(): Promise<Person> {
  const id = `user-${randomUUID()}`;
  const token = await mintToken({ secret: SECRET, user: id, issuer: ISSUER });
  return {
    owner: { kind: "user", id, issuer: ISSUER },
    credentials: { authorization: `Bearer ${token}` },
  };
}

/** A new session. */
export function newSession(): Person {
  const id = randomUUID();
  return { owner: { kind: "session", id }, credentials: { "x-session-id": id } };
}

const { key, hash } = makeServerKey();

/** A trusted back end that acts for this user. */
export function actingFor(user: string): Credentials {
  return { authorization: `Bearer ${key}`, "x-chatkeep-user": encodeURIComponent(user) };
}

/** The server key of tests itself. */
export const SERVER_KEY = key;

/** Answers at once; a question that says "wait" is answered when it is stopped. */
const answer: Responder = async function* ({ question, signal }) {
  yield "An answer.";
  if (!question.content.includes("wait")) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
};

/** What {@link startPeopleServer} takes besides the database. */
export interface PeopleServerOptions {
  readonly server?: Partial<ServerOptions>;
  readonly history?: Partial<HistoryOptions>;
}

/** Starts one for a test file. */
export async function startPeopleServer(
  databaseUrl: string,
  options: PeopleServerOptions = {},
): Promise<PeopleServer> {
  const pool = createPool(databaseUrl, UNHURRIED.pool);
  const plain: ConnectionPool = pool;
  const sent: { owner: unknown; name: string }[] = [];
  const watched: ConnectionPool = {
    query: (config) => {
      const [, name = config.text] = /\.(\w+)\(/.exec(config.text) ?? [];
      for (const owner of config.values ?? []) sent.push({ owner, name });
      return plain.query(config);
    },
    connect: () => plain.connect(),
    on: (event, listener) => plain.on(event, listener),
  };
  const lines: string[] = [];
  const log = createLog({ level: "trace", destination: { write: (line) => void lines.push(line) } });
  const history = createHistory({
    pool: watched,
    ...UNHURRIED.history,
    responder: answer,
    onError: (error) => log.error({ err: error }, "an error"),
    ...options.history,
  });
  const server = createServer({
    history,
    health: () => history.health(),
    authenticate: authenticatePeople(createTokenCheck({ key: { secret: SECRET }, issuer: ISSUER })),
    serverKeys: readServerKeys(`tests:${hash}`),
    issuer: ISSUER,
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
    log,
    ...options.server,
  });
  const listener = await listen({ server, port: 0, log });
  afterAll(async () => {
    await listener.close({ grace: 0 });
    await history.close();
    await pool.end();
  });
  return {
    url: listener.url,
    server,
    history,
    statements: (owner) => sent.filter((one) => one.owner === ownerId(owner)).map(({ name }) => name),
    logged: () => lines.join(""),
    call: (method, path, { credentials = {}, body } = {}) =>
      fetch(listener.url + path, {
        redirect: "manual",
        method,
        headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...credentials },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}
