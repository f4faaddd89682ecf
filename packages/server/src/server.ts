import { aiSdkRoutes } from "./apis/ai-sdk/chat.ts";
import type { Api, ApiServices } from "./apis/api.ts";
import { adminRoutes } from "./apis/native/admin.ts";
import { claimRoutes } from "./apis/native/claim.ts";
import { contextRoutes } from "./apis/native/context.ts";
import { conversationRoutes } from "./apis/native/conversations.ts";
import { healthRoutes } from "./apis/native/health.ts";
import { meRoutes } from "./apis/native/me.ts";
import { messageRoutes } from "./apis/native/messages.ts";
import { searchRoutes } from "./apis/native/search.ts";
import { trashRoutes } from "./apis/native/trash.ts";
import { turnRoutes } from "./apis/native/turns.ts";
import { openaiConversationRoutes } from "./apis/openai/conversations.ts";
import { openaiResponseRoutes } from "./apis/openai/responses.ts";
import type { WritableRoles } from "./apis/roles.ts";
import type { Connections } from "./apis/schema/admin.ts";
import type { Health } from "./apis/schema/health.ts";
import { type RecentErrors, createRecentErrors } from "./errors.ts";
import type { ServedHistory } from "./history.ts";
import type { Route } from "./http/route.ts";
import { type Fetch, createRouter } from "./http/router.ts";
import { type Authenticate, authenticateSession, createIdentify } from "./identity/caller.ts";
import type { ServerKey } from "./identity/server-keys.ts";
import { limitHistory, requestContext } from "./limits/limited-history.ts";
import { NO_LIMITS, type RequestLimits } from "./limits/limits.ts";
import { DEFAULT_STORAGE, type StorageQuota, createStorageCounter } from "./limits/storage.ts";
import { type Log, createLog } from "./log.ts";
import { referenceRoutes } from "./pages/api-reference.ts";
import { type Documents, documentRoutes } from "./pages/documents.ts";

/** Options of {@link createServer}. */
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
  /** How much people and addresses may write in a day. Default {@link DEFAULT_STORAGE}. */
  readonly storage?: Partial<StorageQuota>;
  /** How many proxies stand in front, each of which adds to `X-Forwarded-For`. Default 0: the header is not read. */
  readonly trustedProxies?: number;
  /** The sites besides this one whose pages may use the API: `https://example.org`, or `*` for any. Default: none. */
  readonly origins?: readonly string[];
  /** Further APIs; a route with the method and path of one of the server's own replaces it. Default: none. */
  readonly apis?: readonly Api[];
  /** Which roles an owner may write without a turn. Default: `user` only. */
  readonly writableRoles?: WritableRoles;
  /** The docs whose text is shown at `/documents`. Default: none. */
  readonly docs?: Documents;
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

/** The server's own APIs. */
const APIS: readonly Api[] = [
  conversationRoutes,
  trashRoutes,
  messageRoutes,
  searchRoutes,
  contextRoutes,
  turnRoutes,
  meRoutes,
  claimRoutes,
  aiSdkRoutes,
  openaiConversationRoutes,
  openaiResponseRoutes,
];

/** `History` over HTTP. */
export interface Server {
  /** Answers a request; never rejects. The second argument is what a Node adapter of hono passes along. */
  readonly fetch: Fetch;
  /** All that it answers, as data. */
  readonly routes: readonly Route[];
}

/** Puts a {@link History} behind HTTP: the native API, those of the AI SDK and of OpenAI, probes, the OpenAPI document and its page. */
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
    apis = [],
    writableRoles = () => ["user"],
    docs,
    fallback = () => Promise.resolve(undefined),
    bodyLimit = 8 * 1024 * 1024,
    heartbeat = 15_000,
    connections,
    errors = createRecentErrors(),
    log = createLog(),
  } = options;
  const storage = createStorageCounter({ ...DEFAULT_STORAGE, ...options.storage });
  const history = limitHistory(options.history, limits, storage);
  const identify = createIdentify({ authenticate, serverKeys, issuer, recordAct: history.recordAct });
  const services: ApiServices = {
    history,
    health,
    writableRoles,
    countQuestion: async () => {
      const context = requestContext.getStore();
      const exceeded = context?.exceeded ?? (await limits.countTurn(undefined, context?.address));
      if (exceeded !== undefined) throw exceeded;
    },
    heartbeat,
    log,
  };
  const given = apis.flatMap((api) => api(services));
  const own: Route[] = [
    ...APIS.flatMap((api) => api(services)),
    ...(docs === undefined ? [] : documentRoutes(docs)),
    ...healthRoutes({ health, ready }),
    ...adminRoutes({ history, health, connections, errors }),
    ...referenceRoutes(() => routes),
  ];
  const isReplaced = ({ method, path }: Route): boolean =>
    given.some((route) => route.method === method && route.path === path);
  const routes: Route[] = [...own.filter((route) => !isReplaced(route)), ...given];
  const fetch = createRouter({
    routes,
    identify,
    origins,
    limits,
    trustedProxies,
    bodyLimit,
    fallback,
    errors,
    log,
  });
  return { fetch, routes };
}
