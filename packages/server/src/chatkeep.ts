import {
  type ConnectionPool,
  type CoreHistory,
  type HistoryOptions,
  type Migrated,
  type SharedPool,
  createHistory,
  createLimitStore,
  sharePool,
} from "@chatkeep/core";
import { type Responder, ResponderError } from "@chatkeep/protocol";

import { createRecentErrors } from "./errors.ts";
import { type HostTurn, type HostTurnOptions, createHostTurns } from "./host-turn.ts";
import type { Fetch } from "./http/router.ts";
import type { Authenticate } from "./identity/caller.ts";
import { createRequestLimits } from "./limits/limits.ts";
import { createLog } from "./log.ts";
import { type MountedMigrateOptions, createMigration } from "./migration.ts";
import { type ServerOptions, createServer } from "./server.ts";

/** Options of {@link createChatkeep}. */
export type ChatkeepOptions = MountOptions &
  (
    | {
        /** The host's `pg` pool, or one of its shape. Chatkeep does not close it. */
        readonly pool: ConnectionPool;
      }
    | {
        /**
         * Or the URL of the database: `process.env.DATABASE_URL`. All of a process share one pool of 10 connections,
         * also when a module is loaded again by hot reload. Without a URL the requests fail, not the build.
         */
        readonly database: string | undefined;
      }
  );

interface MountOptions
  extends
    Omit<HistoryOptions, "responder" | "pool">,
    Omit<ServerOptions, "history" | "health" | "prepare" | "authenticate" | "responder" | "limits"> {
  /** Returns the owner of a request, by the host's login; see {@link Authenticate}. */
  readonly authenticate: Authenticate;
  /** The function that answers. Default: none, for a host whose routes answer with {@link Chatkeep.turn} only. */
  readonly responder?: Responder;
  /** Limits of requests and questions. Default: {@link createRequestLimits} with the rates of the command. */
  readonly requestLimits?: ServerOptions["limits"];
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";

/** Chatkeep in a host's app. */
export interface Chatkeep extends AsyncDisposable {
  /**
   * Answers a request; never rejects. For hosts with the web's `Request` and `Response`. The first request migrates, unless
   * {@link migrate} was called; like any other it answers 503 when there is no connection.
   */
  readonly fetch: Fetch;
  /** {@link fetch} by method, for a route file: `export const { GET, POST, PATCH, DELETE } = chatkeep.handlers`. */
  readonly handlers: Readonly<Record<Method, (request: Request) => Promise<Response>>>;
  /**
   * Begins the turn of a request for a route that keeps its own call of a model. Resolves once the question is stored;
   * nothing is thrown for a request that is refused. The turn is stored, streamed, retried and stopped like any other.
   * Only a `responder` of the mount can continue it if this process dies.
   */
  turn(request: Request, options?: HostTurnOptions): Promise<HostTurn>;
  /** The conversations, for the host's code. `withClient` joins the host's transactions. */
  readonly history: CoreHistory;
  /**
   * Brings the tables to this release and waits for a sleeping database. Call it at a deploy, at a start, or before the
   * host's own code reads {@link history}: success is remembered, a failure is not. See {@link MigrateOptions}. Errors:
   * `IsolationError` if the database does not keep owners apart.
   */
  migrate(options?: MountedMigrateOptions): Promise<Migrated>;
  /** Settles running turns within `grace` milliseconds (default 0). The host's own pool stays open. */
  close(options?: { readonly grace?: number }): Promise<void>;
}

/**
 * Chatkeep on the host's pool, as a function from requests to responses, with the checks and limits of the command. Opens
 * nothing by itself, and runs no janitor: call `history.maintain()`. Errors: `TypeError` for an invalid
 * `basePath`, URL or time.
 */
export function createChatkeep(options: ChatkeepOptions): Chatkeep {
  if ("pool" in options) return mount(options, { pool: options.pool, end: () => Promise.resolve() });
  const shared = sharePool(options.database);
  try {
    return mount(options, shared);
  } catch (error) {
    // Nobody else would give the share back.
    void shared.end();
    throw error;
  }
}

function mount(options: MountOptions, { pool, address, end }: SharedPool): Chatkeep {
  const { responder = noResponder, limits, log = createLog(), schema, ...rest } = options;
  const {
    errors = createRecentErrors(),
    onError = (error, turnId) => log.error({ err: error, turnId }, "a turn or the database met an error"),
  } = rest;
  const place = { pool, ...(schema === undefined ? {} : { schema }) };
  const store = createLimitStore(place);
  const { requestLimits = createRequestLimits({ store }) } = options;
  if (address !== undefined && address.unused.length > 0)
    log.info({ parameters: address.unused }, "these parameters of the database URL have no effect");
  const hosted = createHostTurns();
  const answer: Responder = (request) => (hosted.responderOf(request) ?? responder)(request);
  const migration = createMigration(place, log);
  const history = createHistory({
    ...(address?.databaseTimeout === undefined ? {} : { databaseTimeout: address.databaseTimeout }),
    ...rest,
    ...place,
    responder: Object.assign(answer, { continues: responder.continues === true }),
    waitUntil(work) {
      hosted.watch(work);
      return rest.waitUntil?.(work);
    },
    onError(error, turnId) {
      errors.record(error, { turnId });
      onError(error, turnId);
    },
    ...(limits === undefined ? {} : { limits }),
  });
  const server = createServer({
    ...rest,
    history: hosted.unqueued(history),
    prepare: migration.prepare,
    health: () => history.health(),
    ready: () => migration.isReady() && (rest.ready?.() ?? true),
    errors,
    log,
    limits: requestLimits,
  });
  const close: Chatkeep["close"] = async (how) => {
    migration.close();
    await history.close(how);
    store.close();
    await end();
  };
  // A router's second argument is its own, and no connection.
  const handle = (request: Request): Promise<Response> => server.fetch(request);
  return {
    fetch: server.fetch,
    turn: (request, how) => hosted.begin(server.fetch, request, how),
    handlers: { GET: handle, POST: handle, PUT: handle, PATCH: handle, DELETE: handle, OPTIONS: handle },
    history,
    migrate: migration.migrate,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

const noResponder: Responder = () => {
  const detail = "This assistant answers at another address of its site.";
  throw new ResponderError({ code: "no_responder", detail });
};
