import type { ChatkeepError, ErrorCode, Owner } from "@chatkeep/protocol";
import type { z } from "zod";

import { type Caller, requireUser } from "../identity/caller.ts";
import { validate } from "./validate.ts";

/** What a route is given besides its validated input. */
export interface Call {
  readonly request: Request;
  readonly requestId: string;
  /** `performance.now()` when it came. */
  readonly arrived: number;
  /** Cuts the connection, for a reader that does not read; ends the response where it cannot be cut. */
  readonly cut: (() => void) | undefined;
}

/** One reply of a route, as the OpenAPI document tells of it. */
export interface Reply {
  readonly description: string;
  /** The schema of the JSON body. */
  readonly json?: z.ZodType;
  /** Bodies of other media types, each with a sentence. */
  readonly text?: Readonly<Record<string, string>>;
}

/** What a route is, apart from what it does: the router and the OpenAPI document both come from it. */
export interface RouteInfo {
  /** The OpenAPI `operationId`: a verb and a noun. */
  readonly id: string;
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** The path as OpenAPI writes it: `/api/conversations/{conversation_id}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly replies: Readonly<Record<number, Reply>>;
  /** The codes that this route adds to those that any route of its access may answer. */
  readonly errors?: readonly ErrorCode[];
  /** How its errors are written; default: as problem+json. */
  readonly errorFormat?: ErrorFormat;
}

/**
 * When a request over a rate limit is refused. `after-deduplication` is for routes that store messages: a retry
 * of a stored message is answered even then.
 */
type RateLimit = "immediate" | "after-deduplication";

/** How an API writes errors. */
export interface ErrorFormat {
  /** The schema of the JSON body. */
  readonly json: z.ZodType;
  readonly response: (error: ChatkeepError, requestId: string) => Response;
}

/** What the router gives of a request; credentials and body are only read by routes that need them. */
interface Arrival extends GuestCall {
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | string[]>>;
  /** Refuses who does not hold a server key. Errors: `unauthenticated`, `forbidden`. */
  readonly requireOperator: () => Promise<void>;
  readonly body: () => Promise<unknown>;
}

/** A route as the router takes it. */
export interface Route extends RouteInfo {
  /** `owner`: only with a credential; `guest`: with one or without; `operator`: only with a server key; `anyone`: none is read. */
  readonly access: "owner" | "guest" | "operator" | "anyone";
  readonly rateLimit: RateLimit;
  readonly params: z.ZodType | undefined;
  readonly search: z.ZodType | undefined;
  readonly body: z.ZodType | undefined;
  readonly answer: (arrival: Arrival) => Promise<Response>;
}

/** What {@link ownerRoute} takes. */
export interface OwnerRoute<Path, Query, Body> extends RouteInfo {
  readonly params?: z.ZodType<Path>;
  readonly search?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  /** Default `immediate`. */
  readonly rateLimit?: RateLimit;
  readonly handle: (call: OwnerCall<Path, Query, Body>) => Promise<Response>;
}

/** What a route of owners is given. */
interface OwnerCall<Path, Query, Body> extends Call, Caller {
  readonly path: Path;
  readonly query: Query;
  readonly body: Body;
}

/**
 * A route that answers owners only. Checked in this order: the credential, the path, the query, the body; a
 * body is not read before its sender is known. Unknown query parameters and fields are refused, and so is a
 * user id in the path or body that is not the credential's (`forbidden`).
 */
export function ownerRoute<Path = undefined, Query = undefined, Body = undefined>(
  route: OwnerRoute<Path, Query, Body>,
): Route {
  const { handle, params, search, body, rateLimit = "immediate", ...info } = route;
  return {
    ...info,
    access: "owner",
    rateLimit,
    params,
    search,
    body,
    answer: async (arrival) => {
      const { request, requestId, arrived, cut } = arrival;
      const caller = await arrival.identify();
      const input = {
        path: params === undefined ? (undefined as Path) : validate(params, arrival.path, "path"),
        query: search === undefined ? (undefined as Query) : validate(search, arrival.query, "query"),
        body: body === undefined ? (undefined as Body) : validate(body, await arrival.body(), "body"),
      };
      requireOwnIds(caller.owner, input);
      return handle({ request, requestId, arrived, cut, ...caller, ...input });
    },
  };
}

/** The names under which an API names the user whose data it is about. */
const USER_IDS = ["user_id", "userId"];

function requireOwnIds(owner: Owner, input: { path: unknown; query: unknown; body: unknown }): void {
  for (const [place, values] of Object.entries(input)) {
    if (typeof values !== "object" || values === null) continue;
    for (const name of USER_IDS) {
      const id = (values as Record<string, unknown>)[name];
      if (typeof id === "string") requireUser(owner, id, place === "body" ? `/${name}` : name);
    }
  }
}

/** A call whose sender the route identifies itself. */
export interface GuestCall extends Call {
  /** Identifies the sender of the request, or of a copy with the credential that its body or query names. */
  readonly identify: (request?: Request) => Promise<Caller>;
}

/** What {@link guestRoute} takes. */
interface GuestRoute<Query, Body> extends RouteInfo {
  readonly search?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  /** Default `immediate`. */
  readonly rateLimit?: RateLimit;
  readonly handle: (call: GuestCall & { query: Query; body: Body }) => Promise<Response>;
}

/** A route that finds out itself whose request it is: the credential may stand in its query or body, or be left out. */
export function guestRoute<Query = undefined, Body = undefined>(route: GuestRoute<Query, Body>): Route {
  const { handle, search, body, rateLimit = "immediate", ...info } = route;
  return {
    ...info,
    access: "guest",
    rateLimit,
    params: undefined,
    search,
    body,
    answer: async ({ request, requestId, arrived, cut, identify, ...arrival }) =>
      handle({
        request,
        requestId,
        arrived,
        cut,
        identify,
        query: search === undefined ? (undefined as Query) : validate(search, arrival.query, "query"),
        body: body === undefined ? (undefined as Body) : validate(body, await arrival.body(), "body"),
      }),
  };
}

/** What {@link operatorRoute} takes. */
export interface OperatorRoute extends RouteInfo {
  readonly handle: (call: Call) => Promise<Response>;
}

/** A route for who holds a server key, whomever it acts for; anybody else is `forbidden`. It reads no query or body. */
export function operatorRoute({ handle, ...info }: OperatorRoute): Route {
  return {
    ...info,
    access: "operator",
    rateLimit: "immediate",
    params: undefined,
    search: undefined,
    body: undefined,
    answer: async ({ request, requestId, arrived, cut, requireOperator }) => {
      await requireOperator();
      return handle({ request, requestId, arrived, cut });
    },
  };
}

/** What {@link openRoute} takes. */
export interface OpenRoute<Path> extends RouteInfo {
  readonly params?: z.ZodType<Path>;
  readonly handle: (call: Call & { path: Path }) => Promise<Response>;
}

/** A route that answers anyone: health, documents and pages. It reads no credential, query or body. */
export function openRoute<Path = undefined>(route: OpenRoute<Path>): Route {
  const { handle, params, ...info } = route;
  return {
    ...info,
    access: "anyone",
    rateLimit: "immediate",
    params,
    search: undefined,
    body: undefined,
    answer: async ({ request, requestId, arrived, cut, path }) =>
      handle({
        request,
        requestId,
        arrived,
        cut,
        path: params === undefined ? (undefined as Path) : validate(params, path, "path"),
      }),
  };
}
