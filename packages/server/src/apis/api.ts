import type { ServedHistory } from "../history.ts";
import type { Route } from "../http/route.ts";
import type { Log } from "../log.ts";
import type { Health } from "./native/health.ts";
import type { WritableRoles } from "./roles.ts";

/** The services of a server for its APIs. */
export interface ApiServices {
  /** The server's history, with the limits of each owner and address. */
  readonly history: ServedHistory;
  /** A live probe of the database that ends in bounded time. */
  readonly health: () => Promise<Health>;
  readonly writableRoles: WritableRoles;
  /** Counts a question without a credential. Errors: `rate_limited`. */
  readonly countQuestion: () => Promise<void>;
  /** Milliseconds between the heartbeats of a stream. */
  readonly heartbeat: number;
  readonly log: Log;
}

/** An HTTP interface to the history, as data. It keeps no state, so every node answers every request. */
export type Api = (services: ApiServices) => readonly Route[];
