import { randomUUID } from "node:crypto";

import { ChatkeepError, type Owner, isChatkeepError } from "@chatkeep/protocol";
import { type Context, Hono, type MiddlewareHandler } from "hono";

import type { RecentErrors } from "../errors.ts";
import { type Caller, type Identify, requireUser } from "../identity/caller.ts";
import { type RequestContext, requestContext } from "../limits/limited-history.ts";
import { type RequestLimits, type Socketed, addressOf, isProxyUntold } from "../limits/limits.ts";
import type { Log } from "../log.ts";
import { type Incoming, readBody } from "./body.ts";
import { createCors } from "./cors.ts";
import { problemResponse } from "./problem.ts";
import type { Call, Route } from "./route.ts";
import { validate } from "./validate.ts";

/** What hono's Node adapter passes along with a request, as far as it is used here. */
export interface Connection extends Socketed {
  readonly incoming?: Socketed["incoming"] & Incoming;
  readonly outgoing?: { destroy(): unknown };
}

/** Answers a request; never rejects. */
export type Fetch = (request: Request, connection?: Connection) => Promise<Response>;

/** Options of {@link createRouter}; `createServer` documents each. */
export interface RouterOptions {
  readonly routes: readonly Route[];
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

/** Routes requests: trailing slashes are accepted, HEAD is GET without its body, another method is 405 with `Allow`. */
export function createRouter(options: RouterOptions): Fetch {
  const { routes, origins, fallback, errors, log } = options;
  const app = new Hono<Env>({ strict: false });

  /** Answers with what `handle` gives or throws, in the error format of the route. */
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
        return (route?.errorFormat?.response ?? problemResponse)(error, requestId);
      }
    };

  app.use(observe(log));
  if (origins.length > 0) app.use(createCors(origins));
  const answer = createAnswer(options);
  for (const route of routes) app.on(route.method, honoPath(route.path), guarded(route, answer(route)));
  // After all routes: of `/api/chat/{session_id}` and `/api/{user_id}/conversations` the one that has the method answers.
  for (const [path, [first, ...others]] of Map.groupBy(routes, (route) => route.path)) {
    const methods = [first, ...others].map((route) => route?.method as string);
    const allow = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
    app.all(honoPath(path), guarded(first, otherMethod(allow)));
  }
  app.notFound(
    guarded(undefined, async (c) => {
      const response = await fallback(c.req.raw);
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
    const requestId = given !== null && PLAIN_ID.test(given) ? given : randomUUID();
    c.set("requestId", requestId);
    c.set("arrived", began);
    await next();
    const { res } = c;
    for (const [name, value] of SECURITY_HEADERS) if (!res.headers.has(name)) res.headers.set(name, value);
    res.headers.set(REQUEST_ID_HEADER, requestId);
    const route = c.get("route");
    const fields = {
      requestId,
      method: raw.method,
      // The template: the address may hold ids.
      route: route?.path ?? null,
      status: res.status,
      ms: Math.round((performance.now() - began) * 10) / 10,
    };
    // Load balancers probe every few seconds: at `info` they would drown everything else.
    if (route?.tag === "Operating") log.debug(fields, "request");
    else log.info(fields, "request");
  };
}

/** The handler of a route: identifies, counts, validates, and calls it. */
function createAnswer(options: RouterOptions): (route: Route) => Handler {
  const { identify, limits, trustedProxies, bodyLimit, log } = options;
  let isProxyTold = false;

  /** Counts a request under its address. Probes are not counted, nor are trusted back ends, which speak for many. */
  const contextOf = ({ env, req: { raw } }: Context<Env>, route: Route): RequestContext => {
    if (!isProxyTold && isProxyUntold(raw, trustedProxies)) {
      isProxyTold = true;
      log.warn({ header: "x-forwarded-for" }, PROXY_UNTOLD);
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
        cut: cutOf(c),
      };
      const caller = route.access === "owner" ? await admit() : { identify: admit };
      const { params, search, body } = route;
      const input = {
        path: params === undefined ? undefined : validate(params, c.req.param(), "path"),
        query: search === undefined ? undefined : validate(search, queryOf(request), "query"),
        body:
          body === undefined
            ? undefined
            : validate(body, await readBody(request, bodyLimit, c.env.incoming), "body"),
      };
      if ("owner" in caller) requireOwnIds(caller.owner, input);
      const answered = await route.handle({ ...call, ...caller, ...input } as never);
      return answered instanceof Response ? answered : privateJson(answered);
    });
  };
}

/** A person's data as JSON: never kept by a cache. */
export function privateJson(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...headers },
  });
}

/** The names under which an API names the user whose data a request is about. */
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
    const error = new ChatkeepError("method_not_allowed", `This address takes ${allow}, not ${method}.`);
    const response = problemResponse(error, c.get("requestId"));
    response.headers.set("allow", allow);
    return response;
  };
}

function asChatkeepError(thrown: unknown): ChatkeepError {
  if (isChatkeepError(thrown)) return thrown;
  return new ChatkeepError(
    "internal",
    "Something went wrong on our side. The request's id tells the operator what.",
    { cause: thrown },
  );
}

/** An OpenAPI path as hono writes it; `{path}` takes slashes too. */
function honoPath(path: string): string {
  return path.replace("{path}", ":path{.+}").replace(/\{(\w+)\}/g, ":$1");
}

function cutOf({ env: { outgoing } }: Context<Env>): Call["cut"] {
  return outgoing === undefined ? undefined : () => void outgoing.destroy();
}

/** The query's parameters; one that is given twice is a list, which no schema takes. */
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
/** Ids that are taken from a caller: they go into logs and replies. */
const PLAIN_ID = /^[\w.:/+=@-]{1,128}$/;

/** Set on every reply; a page sets a policy of its own. */
const SECURITY_HEADERS: readonly (readonly [string, string])[] = [
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["referrer-policy", "no-referrer"],
  ["x-content-type-options", "nosniff"],
];

/** Nobody reads this status: the client is gone. nginx logs the same. */
const CLIENT_GONE = 499;

const PROXY_UNTOLD =
  "requests carry X-Forwarded-For, but no proxy is configured: everybody behind it shares the limits of its address. Set CHATKEEP_TRUST_PROXY (`trustedProxies`) to the number of proxies";
