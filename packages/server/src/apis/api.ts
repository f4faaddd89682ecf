import type { ServedHistory } from "../history.ts";
import type { Route } from "../http/route.ts";
import type { Log } from "../log.ts";
import type { WritableRoles } from "./roles.ts";
import type { Health } from "./schema/health.ts";

/** What the server gives an API. */
export interface ApiServices {
  /** Counts questions and messages against the rate limits; otherwise the history that the server was given. */
  readonly history: ServedHistory;
  /** A live probe of the database, bounded in time. */
  readonly health: () => Promise<Health>;
  readonly writableRoles: WritableRoles;
  /** Counts a question of a sender without a credential. Errors: `rate_limited`. */
  readonly countQuestion: () => Promise<void>;
  /** Milliseconds between the heartbeats of a stream. */
  readonly heartbeat: number;
  readonly log: Log;
}

/** An HTTP interface over the history, as data. It keeps no state of its own: every node answers every request. */
export type Api = (services: ApiServices) => readonly Route[];
