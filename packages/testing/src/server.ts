import { randomUUID } from "node:crypto";

import { type CoreHistory, type Limits, createHistory, createPool } from "@chatkeep/core";
import type { Responder, WireConversation, WireProblem } from "@chatkeep/protocol";
import { seedApis } from "@chatkeep/seeds";
import {
  type Server,
  type ServerKey,
  type ServerOptions,
  createLog,
  createServer,
  listen,
  makeServerKey,
  readServerKeys,
} from "@chatkeep/server";
import { afterAll, expect } from "vitest";

import { fileDatabase } from "./database.ts";
import { type ScriptedResponder, createScriptedResponder } from "./responder.ts";
import { UNHURRIED } from "./timeout.ts";

const { key, hash } = makeServerKey();

/** The server key of tests, and what a server is given of it. */
export const SERVER_KEY: string = key;
/** See {@link SERVER_KEY}. */
export const SERVER_KEYS: readonly ServerKey[] = readServerKeys(`tests:${hash}`);

/** A request of a test; a body that is no string is sent as JSON. */
interface Send {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Whose request it is; default: the session of the caller. `null`: nobody's. */
  session?: string | null;
  signal?: AbortSignal;
}

/** A server on a real port with a PostgreSQL of its own. */
export interface TestServer {
  url: string;
  server: Server;
  history: CoreHistory;
  script: ScriptedResponder;
  /** A session's id; a new one each time. */
  session(): string;
  /** Sends a request; a JSON reply is held against the schema that its route declares. */
  send(path: string, init?: Send): Promise<Response>;
  /** Sends a request that has to be refused, and gives its problem. */
  refused(path: string, init?: Send): Promise<WireProblem>;
  /** A new conversation of this session. */
  conversation(session: string): Promise<WireConversation>;
  /** All lines logged so far. */
  logged(): Record<string, unknown>[];
  /** Resolves when a line with this message is logged. */
  logs(message: string): Promise<void>;
}

/** What {@link startServer} takes besides what the server does. */
export interface TestServerOptions extends Partial<ServerOptions> {
  /** The database, migrated; default one of the file's own. */
  readonly databaseUrl?: string;
  /** Answers turns; default the script that a test leads by hand. */
  readonly answers?: Responder;
  /** Bounds of the history; default its own. */
  readonly historyLimits?: Partial<Limits>;
}

/** Starts it for a test file, to be called at its top level. */
export async function startServer(given: TestServerOptions = {}): Promise<TestServer> {
  const { databaseUrl = (await fileDatabase()).url, answers, historyLimits = {}, ...options } = given;
  const pool = createPool(databaseUrl, UNHURRIED.pool);
  const script = createScriptedResponder();
  const history = createHistory({
    pool,
    responder: answers ?? script.responder,
    limits: historyLimits,
    ...UNHURRIED.history,
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const write = (line: string): void => {
    lines.push(line);
    for (const look of waiting) look();
  };
  const log = createLog({ level: "debug", destination: { write } });
  const server = createServer({
    history,
    health: () => history.health(),
    apis: [seedApis()],
    log,
    ...options,
  });
  const listener = await listen({ server, port: 0, log });
  afterAll(async () => {
    await listener.close({ grace: 0 });
    await history.close();
    await pool.end();
  });

  const send = async (path: string, init: Send = {}): Promise<Response> => {
    const { method = "GET", body, headers = {}, session = null, signal } = init;
    const response = await fetch(listener.url + path, {
      redirect: "manual",
      method,
      headers: {
        ...(session === null ? {} : { "x-session-id": session }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: asBody(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    await expectDeclared(server, method, path, response);
    return response;
  };

  return {
    url: listener.url,
    server,
    history,
    script,
    session: randomUUID,
    send,
    async refused(path, init) {
      const response = await send(path, init);
      expect(response.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
      expect(response.headers.get("cache-control")).toBe("no-store");
      const problem = (await response.json()) as WireProblem;
      expect(problem.status).toBe(response.status);
      expect(problem.instance).toBe(response.headers.get("x-request-id"));
      return problem;
    },
    async conversation(session) {
      const response = await send("/api/conversations", { method: "POST", body: {}, session });
      expect(response.status).toBe(201);
      return (await response.json()) as WireConversation;
    },
    logs: (message) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!lines.some((line) => line.includes(message))) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    logged: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

function asBody(body: unknown): string | Uint8Array<ArrayBuffer> {
  return typeof body === "string" || body instanceof Uint8Array
    ? (body as string | Uint8Array<ArrayBuffer>)
    : JSON.stringify(body);
}

/** Holds a reply against what its route says of itself: what `/openapi.json` tells is what is sent. */
async function expectDeclared(
  server: Server,
  method: string,
  path: string,
  response: Response,
): Promise<void> {
  const { pathname } = new URL(path, "http://localhost");
  const route = server.routes.find(
    (candidate) =>
      candidate.method === method &&
      new RegExp(`^${candidate.path.replace("{path}", ".+").replaceAll(/\{\w+\}/g, "[^/]+")}/?$`).test(
        pathname,
      ),
  );
  if (route === undefined || !response.ok) return;
  const reply = route.replies[response.status];
  expect(reply, `${method} ${route.path} does not declare ${response.status}`).toBeDefined();
  if (
    reply?.json === undefined ||
    response.headers.get("content-type")?.startsWith("application/json") !== true
  )
    return;
  const { error } = reply.json.safeParse(await response.clone().json());
  expect(error?.issues, `${method} ${route.path} answers otherwise than it declares`).toBeUndefined();
}
