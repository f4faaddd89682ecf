import { ChatkeepError, isChatkeepError } from "@chatkeep/protocol";
import { type Context, Hono } from "hono";

import type { RecentErrors } from "../errors.ts";
import type { Caller, Identify } from "../identity/caller.ts";
import { type Socketed, addressOf, isProxyUntold } from "../limits/address.ts";
import { type RequestContext, requestContext } from "../limits/limited-history.ts";
import type { RequestLimits } from "../limits/limits.ts";
import type { Log } from "../log.ts";
import { readBody } from "./body.ts";
import type { Cors } from "./cors.ts";
import { problemResponse } from "./problem.ts";
import { REQUEST_ID_HEADER, requestIdOf } from "./request-id.ts";
import type { Route } from "./route.ts";

/** What hono's Node adapter passes along with a request, as far as it is used here. */
export interface Connection extends Socketed {
  readonly outgoing?: { destroy(): unknown };
}

/** Answers a request; never rejects. */
export type Fetch = (request: Request, connection?: Connection) => Promise<Response>;

/** What {@link createRouter} takes; `createServer` tells of each. */
export interface RouterOptions {
  readonly routes: readonly Route[];
  readonly identify: Identify;
  readonly cors: Cors;
  readonly limits: RequestLimits;
  readonly trustedProxies: number;
  readonly bodyLimit: number;
  readonly fallback: (request: Request) => Promise<Response | undefined>;
  readonly errors: RecentErrors;
  readonly log: Log;
}

type Env = { Bindings: Connection };

/** Routes requests: trailing slashes are accepted, HEAD is GET without its body, another method is 405 with `Allow`. */
export function createRouter(options: RouterOptions): Fetch {
  const { routes, identify, cors, limits, trustedProxies, bodyLimit, fallback, errors, log } = options;
  const app = new Hono<Env>({ strict: false });
  let isProxyTold = false;

  /** Answers with what `work` gives or throws, under the request's id, and logs it under the route's path. */
  const respond = async (
    request: Request,
    route: Route | undefined,
    work: (requestId: string) => Promise<Response>,
  ): Promise<Response> => {
    const began = performance.now();
    const requestId = requestIdOf(request);
    let response: Response;
    try {
      response = await work(requestId);
    } catch (error) {
      response = failureResponse(error, { request, route, requestId, errors, log });
    }
    for (const [name, value] of SECURITY_HEADERS) {
      if (!response.headers.has(name)) response.headers.set(name, value);
    }
    cors.allow(request, response);
    response.headers.set(REQUEST_ID_HEADER, requestId);
    const fields = {
      requestId,
      method: request.method,
      // The template, never the address: that may hold ids.
      route: route?.path ?? null,
      status: response.status,
      ms: Math.round((performance.now() - began) * 10) / 10,
    };
    // Load balancers ask every few seconds: their probes would drown everything else.
    if (route?.tag === "Operating") log.debug(fields, "request");
    else log.info(fields, "request");
    return response;
  };

  /** Counts a request under its address. Probes and trusted back ends, which speak for many, are not. */
  const contextOf = async ({ env, req }: Context<Env>, route: Route): Promise<RequestContext> => {
    const isTrusted = identify.trusts(req.raw);
    const isCounted = route.tag !== "Operating" && !isTrusted;
    const address = isCounted ? addressOf(req.raw, env, trustedProxies) : undefined;
    if (!isProxyTold && isProxyUntold(req.raw, trustedProxies)) {
      isProxyTold = true;
      log.warn({ header: "x-forwarded-for" }, PROXY_UNTOLD);
    }
    const exceeded = await limits.spend("request", address);
    if (exceeded !== undefined && route.rateLimit === "immediate") throw exceeded;
    return { address, isTrusted, exceeded };
  };

  /** Says who sent a request, and counts it under them. */
  const admit = async (request: Request, route: Route, context: RequestContext): Promise<Caller> => {
    const caller = await identify.identify(request);
    context.exceeded ??= await limits.spend("request", caller.owner);
    if (context.exceeded !== undefined && route.rateLimit === "immediate") throw context.exceeded;
    return caller;
  };

  const places = [...Map.groupBy(routes, (route) => route.path)].map(([path, group]) => ({
    path,
    first: group[0],
    methods: new Map(group.map((route) => [route.method as string, route])),
    pattern: new RegExp(`^${path.replace("{path}", ".+").replace(/\{\w+\}/g, "[^/]+")}/?$`),
  }));
  for (const [index, { path, first, methods }] of places.entries()) {
    const allow = [...methods.keys(), ...(methods.has("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
    app.all(honoPath(path), async (c, next) => {
      const request = c.req.raw;
      const method = request.method === "HEAD" ? "GET" : request.method;
      const route = methods.get(method);
      // Another path may be meant: `/api/{user_id}/conversations` of the user `chat`, not `/api/chat/{session_id}`.
      const isOthers = ({ pattern, methods: others }: (typeof places)[number]): boolean =>
        others.has(method) && pattern.test(c.req.path);
      if (route === undefined && places.slice(index + 1).some(isOthers)) return next();
      const arrived = performance.now();
      return respond(request, route ?? first, async (requestId) => {
        if (route === undefined)
          return cors.preflight(request, allow) ?? otherMethod(request, requestId, allow);
        const context = await contextOf(c, route);
        return requestContext.run(context, () =>
          route.answer({
            request,
            requestId,
            arrived,
            cut: cutOf(c),
            path: c.req.param(),
            query: queryOf(request),
            identify: (carrier = request) => admit(carrier, route, context),
            requireOperator: async () => {
              if (identify.trusts(request)) return;
              await admit(request, route, context);
              throw new ChatkeepError("forbidden", "Requires a server key.");
            },
            body: () => readBody(request, bodyLimit),
          }),
        );
      });
    });
  }
  app.notFound(({ req: { raw } }) =>
    respond(raw, undefined, async () => {
      const response = await fallback(raw);
      if (response !== undefined) return response;
      throw new ChatkeepError(
        "not_found",
        "There is nothing under this address. `/docs` lists what there is.",
      );
    }),
  );
  return async (request, connection = {}) => app.fetch(request, connection);
}

const PROXY_UNTOLD =
  "requests carry X-Forwarded-For, but no proxy is configured: everybody behind it shares the limits of its address. Set CHATKEEP_TRUST_PROXY (`trustedProxies`) to the number of proxies";

/** Set on every reply; a page sets a policy of its own. */
const SECURITY_HEADERS: readonly (readonly [string, string])[] = [
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["referrer-policy", "no-referrer"],
  ["x-content-type-options", "nosniff"],
];

/** Nobody reads this status: the client is gone. nginx writes it into its log for the same. */
const CLIENT_GONE = 499;

interface Failed {
  readonly request: Request;
  readonly route: Route | undefined;
  readonly requestId: string;
  readonly errors: RecentErrors;
  readonly log: Log;
}

function failureResponse(thrown: unknown, failed: Failed): Response {
  const { request, route, requestId, errors, log } = failed;
  if (request.signal.aborted) return new Response(null, { status: CLIENT_GONE });
  const error = isChatkeepError(thrown)
    ? thrown
    : new ChatkeepError(
        "internal",
        "Something went wrong on our side. The request's id tells the operator what.",
        {
          cause: thrown,
        },
      );
  if (error.status >= 500) {
    errors.record(error, { requestId, route: route?.path });
    const fields = { requestId, code: error.code, err: error.cause ?? error };
    if (error.code === "internal") log.error(fields, "a request failed");
    else log.warn(fields, "a request could not be served");
  }
  return (route?.errorFormat?.response ?? problemResponse)(error, requestId);
}

function otherMethod(request: Request, requestId: string, allow: string): Response {
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
  const error = new ChatkeepError(
    "method_not_allowed",
    `This address takes ${allow}, not ${request.method}.`,
  );
  const response = problemResponse(error, requestId);
  response.headers.set("allow", allow);
  return response;
}

/** An OpenAPI path as hono writes it; `{path}` takes slashes too. */
function honoPath(path: string): string {
  return path.replace("{path}", ":path{.+}").replace(/\{(\w+)\}/g, ":$1");
}

function cutOf(context: Context<Env>): (() => void) | undefined {
  const { outgoing } = context.env;
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
