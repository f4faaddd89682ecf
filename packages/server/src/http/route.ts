import type { ChatkeepError, ErrorCode } from "@chatkeep/protocol";
import type { z } from "zod";

import type { Caller } from "../identity/caller.ts";

/** What every route is given. */
export interface Call {
  readonly request: Request;
  readonly requestId: string;
  /** `performance.now()` when it came. */
  readonly arrived: number;
  /** Cuts the connection, for a reader that does not read; ends the response where it cannot be cut. */
  readonly cut: (() => void) | undefined;
}

/** One reply of a route, for the OpenAPI document. */
export interface Reply {
  readonly description: string;
  /** The schema of the JSON body. */
  readonly json?: z.ZodType;
  /** Bodies of other media types, each with a sentence. */
  readonly text?: Readonly<Record<string, string>>;
}

/** A route without its handler: the router and the OpenAPI document are both made from it. */
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
  /** Error codes besides those of every route with this access. */
  readonly errors?: readonly ErrorCode[];
  /** Default: problem+json. */
  readonly errorFormat?: ErrorFormat;
  /** Default `immediate`. */
  readonly rateLimit?: RateLimit;
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

/** A call whose sender the route identifies itself. */
export interface GuestCall extends Call {
  /** Identifies the sender of the request, or of a copy with the credential that its body or query names. */
  readonly identify: (request?: Request) => Promise<Caller>;
}

/** The validated input of a call. */
interface Input<Path, Query, Body> {
  readonly path: Path;
  readonly query: Query;
  readonly body: Body;
}

/** Schemas of the input; a route without one does not read that part of the request. */
interface Schemas<Path, Query, Body> {
  readonly params?: z.ZodType<Path>;
  readonly search?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
}

/** A route as the router takes it. */
export interface Route extends RouteInfo, Schemas<unknown, unknown, unknown> {
  /** `owner`: a credential is required; `guest`: one may be missing; `operator`: a server key is required; `anyone`: none is read. */
  readonly access: "owner" | "guest" | "operator" | "anyone";
  /** Takes the call of its access with the input of its schemas: the functions below tie the types together. */
  readonly handle: (call: never) => Promise<Answered>;
}

/** A response, or the body of one with status 200, written as JSON that no cache keeps. */
type Answered = Response | object;

type Handled<C> = RouteInfo & { readonly handle: (call: C) => Promise<Answered> };

/**
 * A route for owners. Checked in this order: the credential, the path, the query, the body; a body is not read
 * before its sender is known. Unknown query parameters and fields are refused, and so is a `user_id` in the
 * path or body that is not the credential's (`forbidden`).
 */
export function ownerRoute<Path = undefined, Query = undefined, Body = undefined>(
  route: Schemas<Path, Query, Body> & Handled<Call & Caller & Input<Path, Query, Body>>,
): Route {
  return { ...route, access: "owner" };
}

/** A route that identifies its sender itself: the credential may stand in its query or body, or be missing. */
export function guestRoute<Query = undefined, Body = undefined>(
  route: Schemas<undefined, Query, Body> & Handled<GuestCall & Input<undefined, Query, Body>>,
): Route {
  return { ...route, access: "guest" };
}

/** A route that requires a server key; anybody else is `forbidden`. */
export function operatorRoute(route: Handled<Call>): Route {
  return { ...route, access: "operator" };
}

/** A route for anyone: health, documents and pages. */
export function openRoute<Path = undefined>(
  route: Schemas<Path, undefined, undefined> & Handled<Call & Input<Path, undefined, undefined>>,
): Route {
  return { ...route, access: "anyone" };
}
