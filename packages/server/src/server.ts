import { agUiRoutes } from "./apis/ag-ui/routes.ts";
import { aiSdkRoutes } from "./apis/ai-sdk/chat.ts";
import type { Api, ApiServices } from "./apis/api.ts";
import { type Connections, adminRoutes } from "./apis/native/admin.ts";
import { contextRoutes } from "./apis/native/context.ts";
import { conversationRoutes } from "./apis/native/conversations.ts";
import { fileRoutes } from "./apis/native/files.ts";
import { type Health, healthRoutes } from "./apis/native/health.ts";
import { messageRoutes } from "./apis/native/messages.ts";
import { personalDataRoutes } from "./apis/native/personal-data.ts";
import { searchRoutes } from "./apis/native/search.ts";
import { shareRoutes } from "./apis/native/shares.ts";
import { turnRoutes } from "./apis/native/turns.ts";
import { usageRoutes } from "./apis/native/usage.ts";
import { openaiConversationRoutes } from "./apis/openai/conversations.ts";
import { openaiFileRoutes } from "./apis/openai/files.ts";
import { openaiResponseRoutes } from "./apis/openai/responses.ts";
import type { WritableRoles } from "./apis/roles.ts";
import { type RecentErrors, createRecentErrors } from "./errors.ts";
import type { ServedHistory } from "./history.ts";
import type { Route } from "./http/route.ts";
import { type Fetch, createRouter } from "./http/router.ts";
import { type Authenticate, authenticateSession, createIdentify } from "./identity/caller.ts";
import type { ServerKey } from "./identity/server-keys.ts";
import { limitHistory, requestContext } from "./limits/limited-history.ts";
import {
  DEFAULT_STORAGE,
  NO_LIMITS,
  type RequestLimits,
  type StorageQuota,
  createByteCounter,
} from "./limits/limits.ts";
import { type Log, createLog } from "./log.ts";
import { referenceRoutes } from "./pages/api-reference.ts";
import { type Documents, documentRoutes } from "./pages/documents.ts";

/** Options of {@link createServer}. */
export interface ServerOptions {
  /** The store of conversations: `createHistory({ pool })`. */
  readonly history: ServedHistory;
  /** A live probe of the database that ends in bounded time: `health` of a core history. */
  readonly health: () => Promise<Health>;
  /** The path of the mount, e.g. `/assistant`. Default: the root. Addresses outside of it are 404. */
  readonly basePath?: string;
  /** Whether this node takes requests. Default: unless the probe says `down`. */
  readonly ready?: () => boolean;
  /** Awaited before every request but probes, documents and pages: a mount migrates. Default: nothing. */
  readonly prepare?: () => Promise<unknown>;
  /** Returns the owner of a request. Default: anonymous sessions by `X-Session-ID`; `authenticatePeople` reads tokens too. */
  readonly authenticate?: Authenticate;
  /** The keys of trusted back ends, which act for users: `readServerKeys`. Default none. */
  readonly serverKeys?: readonly ServerKey[];
  /** The issuer of the users that they act for: the `iss` of their tokens. Default none. */
  readonly issuer?: string;
  /** Limits of requests and questions: `createRequestLimits`. Default none. */
  readonly limits?: RequestLimits;
  /** The most bytes that an owner or address may write in a day. Default {@link DEFAULT_STORAGE}. */
  readonly storage?: Partial<StorageQuota>;
  /** The number of proxies in front that add to `X-Forwarded-For`. Default 0: the header is not read. */
  readonly trustedProxies?: number;
  /** Other sites whose pages may use the API: `https://example.org`, or `*` for any. Default none. */
  readonly origins?: readonly string[];
  /** More APIs. A route replaces the server's own route with the same method and path. Default none. */
  readonly apis?: readonly Api[];
  /** The roles that an owner may write without a turn. Default: `user` only. */
  readonly writableRoles?: WritableRoles;
  /** The docs that `/documents` shows. Default none. */
  readonly docs?: Documents;
  /** Answers requests that match no route, e.g. for the files of a page; `undefined` is 404. Default none. */
  readonly fallback?: (request: Request) => Promise<Response | undefined>;
  /** The largest body, in bytes. Default 8 MiB. */
  readonly bodyLimit?: number;
  /** Milliseconds between the heartbeats of a stream. Default 15,000: proxies cut streams that are silent for 30 to 60 s. */
  readonly heartbeat?: number;
  /** The pool's connections, for the operator's page. Default: not shown. */
  readonly connections?: () => Connections;
  /** Recent errors for the operator's page. Default: those of requests; give it to the history's `onError` to add its errors. */
  readonly errors?: RecentErrors;
  /** Default: {@link createLog}, lines of JSON on standard output. */
  readonly log?: Log;
}

/** The server's own APIs. */
const APIS: readonly Api[] = [
  conversationRoutes,
  messageRoutes,
  searchRoutes,
  contextRoutes,
  turnRoutes,
  personalDataRoutes,
  usageRoutes,
  fileRoutes,
  shareRoutes,
  aiSdkRoutes,
  openaiConversationRoutes,
  openaiResponseRoutes,
  openaiFileRoutes,
  agUiRoutes,
];

/** A {@link History} over HTTP. */
export interface Server {
  /** Answers a request; never rejects. hono's Node adapter passes the connection as the second argument. */
  readonly fetch: Fetch;
  /** All routes, as data. */
  readonly routes: readonly Route[];
}

/** Serves a {@link History} over HTTP: the APIs, the probes, the OpenAPI document and its page. */
export function createServer(options: ServerOptions): Server {
  const {
    health,
    basePath = "",
    ready = () => true,
    prepare,
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
  const countBytes = createByteCounter({ ...DEFAULT_STORAGE, ...options.storage });
  const history = limitHistory(options.history, limits, countBytes);
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
    basePath,
    prepare,
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
