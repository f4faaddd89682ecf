import { randomUUID } from "node:crypto";

import { ChatkeepError, type Owner, isChatkeepError } from "@chatkeep/protocol";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { getPath } from "hono/utils/url";
import type { z } from "zod";

import type { RecentErrors } from "../errors.ts";
import { type Caller, type Identify, requireUser } from "../identity/caller.ts";
import { type RequestContext, requestContext } from "../limits/limited-history.ts";
import { type RequestLimits, addressOf, isProxyUnconfigured } from "../limits/limits.ts";
import type { Log } from "../log.ts";
import { readBody } from "./body.ts";
import type { Connection } from "./connection.ts";
import { createCors } from "./cors.ts";
import { type Place, VALIDATION, invalid } from "./invalid.ts";
import { PROBLEM } from "./problem.ts";
import type { Call, Route } from "./route.ts";

/** Answers a request; never rejects. */
export type Fetch = (request: Request, connection?: Connection) => Promise<Response>;

/** Options of {@link createRouter}; see `ServerOptions`. */
export interface RouterOptions {
  readonly routes: readonly Route[];
  readonly basePath: string;
  readonly prepare: (() => Promise<unknown>) | undefined;
  readonly identify: Identify;
  readonly origins: readonly string[];
  readonly limits: RequestLimits;
  readonly trustedProxies: number;
  readonly bodyLimit: number;
  readonly fallback: (request: Request) => Promise<Response | undefined>;
  readonly errors: RecentErrors;
  readonly log: Log;
}

interface Env {
  Bindings: Connection;
  Variables: { requestId: string; arrived: number; route: Route | undefined };
}
type Handler = (c: Context<Env>) => Promise<Response>;

/** Routes requests. Trailing slashes are accepted, HEAD is GET without its body, another method is 405 with `Allow`. */
export function createRouter(options: RouterOptions): Fetch {
  const { routes, basePath, origins, fallback, errors, log } = options;
  if (basePath !== "" && !/^\/.*[^/]$/.test(basePath))
    throw new TypeError('`basePath` must begin with a slash and not end with one, e.g. "/assistant".');
  // Routes and `authenticate` get the host's own request: a copy would lose what the host added to it.
  const app = new Hono<Env>({
    getPath: (request, { env } = {}) => env?.path ?? pathBelow(basePath, getPath(request)),
  });

  /** Sends what `handle` throws in the error format of the route. */
  const guarded =
    (route: Route | undefined, handle: Handler): Handler =>
    async (c) => {
      c.set("route", route);
      try {
        return await handle(c);
      } catch (thrown) {
        if (c.req.raw.signal.aborted) return new Response(null, { status: CLIENT_GONE });
        const requestId = c.get("requestId");
        const error = asChatkeepError(thrown);
        if (error.status >= 500) {
          errors.record(error, { requestId, route: route?.path });
          const fields = { requestId, code: error.code, err: error.cause ?? error };
          if (error.code === "internal") log.error(fields, "a request failed");
          else log.warn(fields, "a request could not be served");
        }
        return errorResponse(error, route, requestId);
      }
    };

  app.use(observe(log));
  if (origins.length > 0) app.use(createCors(origins));
  const answer = createAnswer(options);
  for (const route of routes) app.on(route.method, honoPath(route.path), guarded(route, answer(route)));
  // After all routes: `/api/chat/{session_id}` and `/api/{user_id}/conversations` may match the same path.
  for (const [path, sharing] of Map.groupBy(routes, (route) => route.path)) {
    const methods = sharing.map(({ method }) => method);
    const allow = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
    app.all(honoPath(path), guarded(sharing[0], otherMethod(allow)));
  }
  app.notFound(
    guarded(undefined, async (c) => {
      const response = c.req.path === OUTSIDE ? undefined : await fallback(below(basePath, c.req.raw));
      if (response !== undefined) return response;
      throw new ChatkeepError("not_found", "There is no route at this address. `/docs` lists all routes.");
    }),
  );
  return async (request, connection = {}) => app.fetch(request, connection);
}

/** Gives each request an id, and each reply the headers of all replies and a line in the log. */
function observe(log: Log): MiddlewareHandler<Env> {
  return async (c, next) => {
    const began = performance.now();
    const { raw } = c.req;
    const given = raw.headers.get(REQUEST_ID_HEADER);
    const requestId = given !== null && SAFE_ID.test(given) ? given : randomUUID();
    c.set("requestId", requestId);
    c.set("arrived", began);
    await next();
    const { headers, status } = c.res;
    for (const [name, value] of SECURITY_HEADERS) if (!headers.has(name)) headers.set(name, value);
    headers.set(REQUEST_ID_HEADER, requestId);
    const route = c.get("route");
    const fields = {
      requestId,
      method: raw.method,
      // The template: the address may contain ids.
      route: route?.path ?? null,
      status,
      ms: Math.round((performance.now() - began) * 10) / 10,
    };
    // Load balancers probe every few seconds. At `info` their lines would drown all others.
    if (route?.tag === "Operating") log.debug(fields, "request");
    else log.info(fields, "request");
  };
}

/** Handles a route: counts the request, identifies its sender, validates its input, and calls the route. */
function createAnswer(options: RouterOptions): (route: Route) => Handler {
  const { prepare, identify, limits, trustedProxies, bodyLimit, log } = options;
  let isWarned = false;

  /** Counts a request under its address. Probes are not counted, nor are trusted back ends, which send for many people. */
  const contextOf = ({ env, req: { raw } }: Context<Env>, route: Route): RequestContext => {
    if (!isWarned && isProxyUnconfigured(raw, trustedProxies)) {
      isWarned = true;
      log.warn({ header: "x-forwarded-for" }, PROXY_UNCONFIGURED);
    }
    const isTrusted = identify.trusts(raw);
    const isCounted = route.tag !== "Operating" && !isTrusted;
    const address = isCounted ? addressOf(raw, env, trustedProxies) : undefined;
    return { address, isTrusted, exceeded: address === undefined ? undefined : limits.countRequest(address) };
  };

  return (route) => async (c) => {
    const request = c.req.raw;
    const context = contextOf(c, route);
    const refuse = (): void => {
      if (context.exceeded !== undefined && route.rateLimit !== "after-deduplication") throw context.exceeded;
    };
    refuse();
    if (route.access !== "anyone") await prepare?.();
    const admit = async (carrier: Request = request): Promise<Caller> => {
      const caller = await identify.identify(carrier);
      context.exceeded ??= limits.countRequest(caller.owner);
      refuse();
      return caller;
    };
    if (route.access === "operator" && !identify.trusts(request)) {
      await admit();
      throw new ChatkeepError("forbidden", "Requires a server key.");
    }
    return requestContext.run(context, async () => {
      const call: Call = {
        request,
        requestId: c.get("requestId"),
        arrived: c.get("arrived"),
        connection: c.env,
      };
      const caller = route.access === "owner" ? await admit() : { identify: admit };
      const { params, search, body } = route;
      const input = {
        path: params && validate(params, c.req.param(), "path"),
        query: search && validate(search, queryOf(request), "query"),
        body: body && validate(body, await readBody(request, bodyLimit, c.env, route.lastOf), "body"),
      };
      if ("owner" in caller) requireOwnIds(caller.owner, input);
      const answered = await route.handle({ ...call, ...caller, ...input } as never);
      if (answered === null) return new Response(null, { status: 204, headers: NO_STORE });
      const response = answered instanceof Response ? answered : privateJson(answered);
      // Nobody reads the body: a stream must not follow a turn for it.
      if (request.method === "HEAD") await response.body?.cancel();
      return response;
    });
  };
}

/** Validates a part of a request. Errors: `invalid_request`. */
export function validate<T>(schema: z.ZodType<T>, value: unknown, place: Place): T {
  const { success, data, error } = schema.safeParse(value, VALIDATION);
  if (!success) throw invalid(error.issues, place);
  return data;
}

const NO_STORE = { "cache-control": "no-store" };

/** Sends a person's data as JSON, which no cache stores. */
export function privateJson(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...NO_STORE, ...headers },
  });
}

/** Sends an error in the format of the route, with `Retry-After` and the challenge that RFC 9110 requires of a 401. */
function errorResponse(error: ChatkeepError, route: Route | undefined, requestId: string): Response {
  const { mediaType, body, headers } = route?.errorFormat ?? PROBLEM;
  return privateJson(body(error, requestId), error.status, {
    "content-type": `${mediaType}; charset=utf-8`,
    ...(error.retryAfter === undefined
      ? {}
      : { "retry-after": String(Math.max(1, Math.ceil(error.retryAfter))) }),
    ...(error.status === 401 ? { "www-authenticate": "Bearer" } : {}),
    ...headers?.(error),
  });
}

/** Names by which APIs name the user whose data a request is about. */
const USER_IDS = ["user_id", "userId"];

function requireOwnIds(owner: Owner, input: Record<"path" | "query" | "body", unknown>): void {
  for (const [place, values] of Object.entries(input)) {
    if (typeof values !== "object" || values === null) continue;
    for (const name of USER_IDS) {
      const id = (values as Record<string, unknown>)[name];
      if (typeof id === "string") requireUser(owner, id, place === "body" ? `/${name}` : name);
    }
  }
}

function otherMethod(allow: string): Handler {
  return async (c) => {
    const { method } = c.req.raw;
    if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
    const error = new ChatkeepError("method_not_allowed", `This address accepts ${allow}, not ${method}.`);
    const response = errorResponse(error, c.get("route"), c.get("requestId"));
    response.headers.set("allow", allow);
    return response;
  };
}

function asChatkeepError(thrown: unknown): ChatkeepError {
  if (isChatkeepError(thrown)) return thrown;
  const detail = "The server failed. Its operator finds the reason in the log under the request's id.";
  return new ChatkeepError("internal", detail, { cause: thrown });
}

/** The path of addresses outside of the mount. No route has it. */
const OUTSIDE = "/ ";

/** A path below the mount, without a slash at its end. */
function pathBelow(basePath: string, path: string): string {
  if (path !== basePath && !path.startsWith(`${basePath}/`)) return OUTSIDE;
  return path.slice(basePath.length).replace(/\/$/, "") || "/";
}

/** The request as its sender would write it without a mount. */
function below(basePath: string, request: Request): Request {
  if (basePath === "") return request;
  const url = new URL(request.url);
  url.pathname = url.pathname.slice(basePath.length);
  return new Request(url, request);
}

/** An OpenAPI path in hono's syntax; `{path}` may contain slashes. */
function honoPath(path: string): string {
  return path.replace("{path}", ":path{.+}").replace(/\{(\w+)\}/g, ":$1");
}

/** The query's parameters. A repeated one is a list, which no schema accepts. */
function queryOf(request: Request): Record<string, string | string[]> {
  const start = request.url.indexOf("?");
  if (start === -1) return {};
  const search = new URL(request.url).searchParams;
  return Object.fromEntries(
    [...new Set(search.keys())].map((name) => {
      const values = search.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? "") : values];
    }),
  );
}

/** The header with a request's id, in both directions. */
const REQUEST_ID_HEADER = "x-request-id";
/** Ids that are accepted from a caller: they go into logs and replies. */
const SAFE_ID = /^[\w.:/+=@-]{1,128}$/;

/** Set on every reply. Pages set a policy of their own. */
const SECURITY_HEADERS: readonly (readonly [string, string])[] = [
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["referrer-policy", "no-referrer"],
  ["x-content-type-options", "nosniff"],
];

/** nginx's status for a client that has gone, which nobody receives. */
const CLIENT_GONE = 499;

const PROXY_UNCONFIGURED =
  "requests carry X-Forwarded-For, but no proxy is configured: limits do not tell the addresses behind it apart. Set CHATKEEP_TRUST_PROXY (`trustedProxies`) to the number of proxies";
