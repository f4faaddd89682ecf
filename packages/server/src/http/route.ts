import type { ErrorCode } from "@chatkeep/protocol";
import { z } from "zod";

import type { Caller } from "../identity/caller.ts";
import type { Connection } from "./connection.ts";
import { id } from "./fields.ts";
import { type ErrorFormat, PROBLEM } from "./problem.ts";

/** One request to a route. */
export interface Call {
  readonly request: Request;
  readonly requestId: string;
  /** `performance.now()` when the request came. */
  readonly arrived: number;
  readonly connection: Connection;
}

/** One reply of a route, for the OpenAPI document. */
export interface Reply {
  readonly description: string;
  /** The schema of the JSON body. */
  readonly json?: z.ZodType;
  /** Descriptions of the bodies by other media types. */
  readonly text?: Readonly<Record<string, string>>;
}

/** The description of a route. */
export interface RouteInfo {
  /** The OpenAPI `operationId`: a verb and a noun. */
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly replies: Readonly<Record<number, Reply>>;
  /** The description of a body that is not JSON. The route reads it. */
  readonly bytes?: string;
  /**
   * A list in the body of which the route reads the last value and the ids of the others. Clients send a whole chat; its
   * earlier pictures do not count against the limit of the body.
   */
  readonly lastOf?: string;
  /** Error codes besides those that follow from the route's access, path and body. */
  readonly errors?: readonly ErrorCode[];
  /**
   * When a request over a rate limit is refused (default `immediate`). `after-deduplication` is for routes that store
   * messages: a retry of a stored message is answered even over the limit.
   */
  readonly rateLimit?: "immediate" | "after-deduplication";
}

/** A call whose sender the route identifies itself. */
export interface GuestCall extends Call {
  /** Identifies the sender of the request, or of a copy with the credential from its body or query. */
  readonly identify: (request?: Request) => Promise<Caller>;
}

/** A route: the router, the validation and the OpenAPI document are made from it. */
export interface Route extends RouteInfo {
  readonly method: string;
  /** The path as OpenAPI writes it: `/api/conversations/{conversation_id}`. */
  readonly path: string;
  readonly tag: string;
  /** `owner`: a credential is required; `guest`: it may be missing; `operator`: a server key is required; `link`: a token in the path is; `anyone`: none is read. */
  readonly access: "owner" | "guest" | "operator" | "link" | "anyone";
  readonly errorFormat: ErrorFormat;
  /** A part of the request without a schema is not read. */
  readonly params?: z.ZodType;
  readonly search?: z.ZodType;
  readonly body?: z.ZodType;
  readonly handle: (call: never) => Promise<Answered>;
}

/** A response; a body, which is sent as JSON with status 200; or `null`, which is sent as 204. */
type Answered = Response | object | null;

type Address = `${"GET" | "POST" | "PATCH" | "DELETE"} /${string}`;
type NameIn<A extends string> = A extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NameIn<Rest>
  : never;

interface RouteInit<A extends Address, Sender, Query, Body> extends RouteInfo {
  /** Schemas of the names in the path (default: an id). */
  readonly params?: Readonly<Partial<Record<NameIn<A>, z.ZodType<string>>>>;
  readonly search?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  readonly handle: (
    call: Sender & {
      readonly path: Readonly<Record<NameIn<A>, string>>;
      readonly query: Query;
      readonly body: Body;
    },
  ) => Promise<Answered>;
}

/** Makes a route from an address, such as `GET /api/conversations/{conversation_id}`. */
export type MakeRoute<Sender> = <A extends Address, Query = undefined, Body = undefined>(
  address: A,
  route: RouteInit<A, Sender, Query, Body>,
) => Route;

/** Makes the routes of one tag. Errors have the given format, or that of problem+json. */
export type MakeRoutes<Sender> = (tag: string, errorFormat?: ErrorFormat) => MakeRoute<Sender>;

function routesFor<Sender>(access: Route["access"]): MakeRoutes<Sender> {
  return (tag, errorFormat = PROBLEM) =>
    (address, { params = {}, ...route }) => {
      const [method = "", path = ""] = address.split(" ");
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
      const given = params as Readonly<Record<string, z.ZodType | undefined>>;
      const schemas = names.map((name) => [name, given[name] ?? id]);
      return {
        ...route,
        method,
        path,
        tag,
        access,
        errorFormat,
        ...(names.length === 0 ? {} : { params: z.strictObject(Object.fromEntries(schemas)) }),
      };
    };
}

/**
 * Routes for owners. Checked in this order: the credential, the path, the query, the body; the body of an unknown sender
 * is not read. A `user_id` in the path or body that is not the credential's is `forbidden`.
 */
export const ownerRoutes: MakeRoutes<Call & Caller> = routesFor("owner");

/** Routes that identify their sender themselves: the credential may be in the query or body, or missing. */
export const guestRoutes: MakeRoutes<GuestCall> = routesFor("guest");

/** Routes that require a server key. Errors: `forbidden`. */
export const operatorRoutes: MakeRoutes<Call> = routesFor("operator");

/** Routes for whoever has the token in their path. No other credential is read. */
export const linkRoutes: MakeRoutes<Call> = routesFor("link");

/** Routes that read no credential: probes, documents and pages. */
export const openRoutes: MakeRoutes<Call> = routesFor("anyone");
