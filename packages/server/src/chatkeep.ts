import { setTimeout } from "node:timers/promises";

import {
  type CoreHistory,
  type HistoryOptions,
  type MigrateOptions,
  type Migrated,
  createHistory,
  isUnavailable,
  migrate,
} from "@chatkeep/core";
import type { Responder } from "@chatkeep/protocol";

import { createRecentErrors } from "./errors.ts";
import type { Fetch } from "./http/router.ts";
import type { Authenticate } from "./identity/caller.ts";
import { createLog } from "./log.ts";
import { type ServerOptions, createServer } from "./server.ts";

/** Options of {@link createChatkeep}. */
export interface ChatkeepOptions
  extends
    Omit<HistoryOptions, "responder">,
    Omit<ServerOptions, "history" | "health" | "authenticate" | "responder" | "limits"> {
  /** Whose request it is, by the host's own login: see {@link Authenticate}. */
  readonly authenticate: Authenticate;
  /** The function that answers. */
  readonly responder: Responder;
  /** How often people and addresses may ask: `createRequestLimits`. Default: as often as they like. */
  readonly requestLimits?: ServerOptions["limits"];
  /** Where it is mounted, e.g. `/assistant`; default at the root. Addresses outside of it are not found. */
  readonly basePath?: string;
}

/** Options of {@link Chatkeep.migrate}. */
export interface MountedMigrateOptions extends Omit<MigrateOptions, "schema"> {
  /** Milliseconds to wait for a database that cannot be reached (default 15,000: a serverless one wakes in up to 10 s). */
  readonly wait?: number;
}

/** Chatkeep in a host's own app. */
export interface Chatkeep extends AsyncDisposable {
  /** Answers a request, for any host that speaks the web's `Request` and `Response`; never rejects. */
  readonly fetch: Fetch;
  /** The same conversations, for the host's own code; `withClient` for its own transactions. */
  readonly history: CoreHistory;
  /**
   * Brings the tables to this release: at a deploy, at a start, or before each request, since success is remembered
   * and a failure is not. A database that sleeps is waited for; see {@link MigrateOptions} for the rest.
   */
  migrate(options?: MountedMigrateOptions): Promise<Migrated>;
  /** Settles what runs, within `grace` milliseconds (default 0). The pool stays open: it is the host's. */
  close(options?: { readonly grace?: number }): Promise<void>;
}

/**
 * All of Chatkeep on the host's pool, behind one function from requests to responses. Opens nothing by
 * itself. Errors: `TypeError` for a `basePath` that does not begin with a slash or ends with one.
 */
export function createChatkeep(options: ChatkeepOptions): Chatkeep {
  const { responder, requestLimits, basePath = "", limits, log = createLog(), ...rest } = options;
  if (basePath !== "" && !/^\/.*[^/]$/.test(basePath))
    throw new TypeError('`basePath` begins with a slash and ends without one, e.g. "/assistant".');
  const {
    errors = createRecentErrors(),
    onError = (error, turnId) => log.error({ err: error, turnId }, "a turn or the database met an error"),
  } = rest;
  const history = createHistory({
    ...rest,
    responder,
    onError(error, turnId) {
      errors.record(error, { turnId });
      onError(error, turnId);
    },
    ...(limits === undefined ? {} : { limits }),
  });
  const server = createServer({
    ...rest,
    history,
    health: () => history.health(),
    errors,
    log,
    ...(requestLimits === undefined ? {} : { limits: requestLimits }),
  });
  const { pool, schema } = options;
  const migrateAwake = async ({ wait = 15_000, ...how }: MountedMigrateOptions): Promise<Migrated> => {
    const deadline = performance.now() + wait;
    for (;;) {
      try {
        return await migrate(pool, { ...how, ...(schema === undefined ? {} : { schema }) });
      } catch (error) {
        if (!isUnavailable(error) || performance.now() >= deadline) throw error;
        await setTimeout(RETRY);
      }
    }
  };
  let migrated: Promise<Migrated> | undefined;
  const migrateOnce: Chatkeep["migrate"] = (how) => {
    // What was asked for otherwise is asked anew: it finds nothing to do where there is nothing.
    if (how?.grantTo !== undefined || how?.vectors !== undefined) return migrateAwake(how);
    if (migrated !== undefined) return migrated;
    const migrating = migrateAwake(how ?? {});
    migrated = migrating;
    migrating.catch(() => (migrated = undefined));
    return migrating;
  };
  const close: Chatkeep["close"] = (how) => history.close(how);
  return {
    fetch: basePath === "" ? server.fetch : below(basePath, server.fetch),
    history,
    migrate: migrateOnce,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** Milliseconds between two attempts to reach the database. */
const RETRY = 250;

/** Takes the path under which it is mounted off each request. */
function below(basePath: string, fetch: Fetch): Fetch {
  return (request, connection) => {
    const url = new URL(request.url);
    // What is not below it is answered as nothing is: with 404.
    const isBelow = url.pathname === basePath || url.pathname.startsWith(`${basePath}/`);
    url.pathname = isBelow ? url.pathname.slice(basePath.length) : "/ ";
    return fetch(new Request(url, request), connection);
  };
}
