import type { Responder } from "@chatkeep/protocol";

import { type Authenticate, authenticateSession } from "./authenticate.ts";
import { doorRoutes } from "./doors/doors.ts";
import { createIdentify } from "./identity/caller.ts";
import type { ServerKey } from "./identity/server-keys.ts";
import { limitHistory, visits } from "./limits/limited-history.ts";
import { NO_LIMITS, type RequestLimits } from "./limits/limits.ts";
import { type Log, createLog } from "./log.ts";
import { type RecentErrors, createRecentErrors } from "./recent-errors.ts";
import type { Route } from "./route.ts";
import { type Fetch, createRouter } from "./router.ts";
import { adminRoutes } from "./routes/admin.ts";
import { type Chapters, bookRoutes } from "./routes/book.ts";
import { claimRoutes } from "./routes/claim.ts";
import { contextRoutes } from "./routes/context.ts";
import { conversationRoutes } from "./routes/conversations.ts";
import { documentRoutes } from "./routes/documents.ts";
import { healthRoutes } from "./routes/health.ts";
import { meRoutes } from "./routes/me.ts";
import { type WritableRoles, messageRoutes } from "./routes/messages.ts";
import { searchRoutes } from "./routes/search.ts";
import { trashRoutes } from "./routes/trash.ts";
import { turnRoutes } from "./routes/turns.ts";
import type { Connections } from "./schema/admin.ts";
import type { Health } from "./schema/health.ts";
import type { ServedHistory } from "./served-history.ts";
import { createCors } from "./web/cors.ts";

/** What {@link createServer} takes. */
export interface ServerOptions {
  /** Where conversations are kept: `createHistory({ pool })`. */
  readonly history: ServedHistory;
  /** A live probe of the database, bounded in time: a core history's own `health`. */
  readonly health: () => Promise<Health>;
  /** Whether requests should come to this node; default: as long as the probe does not say `down`. */
  readonly ready?: () => boolean;
  /** Whose request it is: `authenticatePeople` for tokens too. Default: anonymous sessions by `X-Session-ID`. */
  readonly authenticate?: Authenticate;
  /** The keys of trusted back ends, which act for users: `readServerKeys`. Default: none. */
  readonly serverKeys?: readonly ServerKey[];
  /** The issuer of the users that they act for: the `iss` of their tokens. Default: none. */
  readonly issuer?: string;
  /** How often people and addresses may ask: `createRequestLimits`. Default: as often as they like. */
  readonly limits?: RequestLimits;
  /** How many proxies stand in front, each of which adds to `X-Forwarded-For`. Default 0: the header is not read. */
  readonly trustedProxies?: number;
  /** The sites besides this one whose pages may use the API: `https://example.org`, or `*` for any. Default: none. */
  readonly origins?: readonly string[];
  /**
   * Answers who carries no credential, at `POST /chat` only: nothing of it is kept. Default: nobody; they are
   * asked for one.
   */
  readonly responder?: Responder;
  /** Which roles an owner may write without a turn. Default: `user` only. */
  readonly writableRoles?: WritableRoles;
  /** The book whose text is shown at `/book`. Default: none. */
  readonly book?: Chapters;
  /** Answers what no route has, e.g. the files of a page; `undefined` is 404. Default: nothing. */
  readonly fallback?: (request: Request) => Promise<Response | undefined>;
  /** The largest body, in bytes. Default 8 MiB. */
  readonly bodyLimit?: number;
  /** Milliseconds between the heartbeats of a stream. Default 15,000: proxies cut what is silent for 30 to 60 s. */
  readonly heartbeat?: number;
  /** The pool's connections, for the operator. Default: not told. */
  readonly connections?: () => Connections;
  /** Where errors are kept for the operator, those of the history too if it is told of this one. Default: of requests only. */
  readonly errors?: RecentErrors;
  /** Default: {@link createLog}, lines of JSON on standard output. */
  readonly log?: Log;
}

/** `History` over HTTP. */
export interface Server {
  /** Answers a request; never rejects. The second argument is what a Node adapter of hono passes along. */
  readonly fetch: Fetch;
  /** All that it answers, as data. */
  readonly routes: readonly Route[];
}

/** Puts a {@link History} behind HTTP: the canonical API, probes, the OpenAPI document and its page. */
export function createServer(options: ServerOptions): Server {
  const {
    health,
    ready = () => true,
    authenticate = authenticateSession,
    serverKeys = [],
    issuer,
    limits = NO_LIMITS,
    trustedProxies = 0,
    origins = [],
    responder,
    writableRoles = () => ["user"],
    book,
    fallback = () => Promise.resolve(undefined),
    bodyLimit = 8 * 1024 * 1024,
    heartbeat = 15_000,
    connections,
    errors = createRecentErrors(),
    log = createLog(),
  } = options;
  const history = limitHistory(options.history, limits);
  const identify = createIdentify({ authenticate, serverKeys, issuer, recordAct: history.recordAct });
  const cors = createCors(origins);
  const routes: Route[] = [
    ...conversationRoutes(history),
    ...trashRoutes(history),
    ...messageRoutes({ history, writableRoles }),
    ...searchRoutes(history),
    ...contextRoutes(history),
    ...turnRoutes({ history, heartbeat, log }),
    ...meRoutes({ history, log }),
    ...claimRoutes(history),
    ...(book === undefined ? [] : bookRoutes(book)),
    ...healthRoutes({ health, ready }),
    ...adminRoutes({ history, health, connections, errors }),
    ...documentRoutes(() => routes),
    ...doorRoutes({
      history,
      health,
      responder,
      admitStateless: async () => {
        const visit = visits.getStore();
        const exceeded = visit?.exceeded ?? (await limits.spend("turn", visit?.address));
        if (exceeded !== undefined) throw exceeded;
      },
      writableRoles,
      heartbeat,
      log,
    }),
  ];
  const fetch = createRouter({
    routes,
    identify,
    cors,
    limits,
    trustedProxies,
    bodyLimit,
    fallback,
    errors,
    log,
  });
  return { fetch, routes };
}
