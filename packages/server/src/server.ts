import type { History } from "@chatkeep/protocol";

import { type Authenticate, authenticateSession } from "./authenticate.ts";
import { type Log, createLog } from "./log.ts";
import type { Route } from "./route.ts";
import { type Fetch, createRouter } from "./router.ts";
import { type Chapters, bookRoutes } from "./routes/book.ts";
import { conversationRoutes } from "./routes/conversations.ts";
import { documentRoutes } from "./routes/documents.ts";
import { type Health, healthRoutes } from "./routes/health.ts";
import { type WritableRoles, messageRoutes } from "./routes/messages.ts";
import { turnRoutes } from "./routes/turns.ts";

/** What {@link createServer} takes. */
export interface ServerOptions {
  /** Where conversations are kept: `createHistory({ pool })`, or any other {@link History}. */
  readonly history: History;
  /** A live probe of the database, bounded in time: a core history's own `health`. */
  readonly health: () => Promise<Health>;
  /** Whether requests should come to this node; default: as long as the probe does not say `down`. */
  readonly ready?: () => boolean;
  /** Whose request it is. Default: anonymous sessions by `X-Session-ID`. */
  readonly authenticate?: Authenticate;
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
    history,
    health,
    ready = () => true,
    authenticate = authenticateSession,
    writableRoles = () => ["user"],
    book,
    fallback = () => Promise.resolve(undefined),
    bodyLimit = 8 * 1024 * 1024,
    heartbeat = 15_000,
    log = createLog(),
  } = options;
  const routes: Route[] = [
    ...conversationRoutes(history),
    ...messageRoutes({ history, writableRoles }),
    ...turnRoutes({ history, heartbeat, log }),
    ...(book === undefined ? [] : bookRoutes(book)),
    ...healthRoutes({ health, ready }),
    ...documentRoutes(() => routes),
  ];
  return { fetch: createRouter({ routes, authenticate, bodyLimit, fallback, log }), routes };
}
