import { type Branches, createBranches } from "./branches.ts";
import { type Conversations, createConversations } from "./conversations.ts";
import { createClientDatabase } from "./database/client-database.ts";
import type { Database } from "./database/database.ts";
import type { Queryable } from "./database/pool.ts";
import { type Handles, createHandles } from "./handles.ts";
import type { Limits } from "./maintenance/limits.ts";
import { type Messages, type MessagesOptions, createMessages } from "./messages.ts";

/**
 * The store's calls in a transaction of the host's: they are seen by others when the host commits, and are
 * gone when it rolls back. A call that fails ends the transaction, as any statement's error does in PostgreSQL.
 */
export interface StoreCalls extends Conversations, Messages, Branches, Handles {}

export interface StoreCallsOptions extends Pick<MessagesOptions, "answerSoFar"> {
  readonly schema: string | undefined;
  readonly limits: Limits;
  readonly hideExistence: boolean;
  /** The history's own. */
  readonly database: Database;
  /** What the history puts around its database. */
  readonly guard: (database: Database) => Database;
}

/** Makes {@link StoreCalls} on a connection. */
export function createStoreCalls(client: Queryable, options: StoreCallsOptions): StoreCalls {
  const { limits, hideExistence, answerSoFar } = options;
  // What the host deletes is deleted when it commits: until then nothing is stopped, and nobody waits.
  const stopRunning = (): Promise<void> => Promise.resolve();
  const database = options.guard({
    ...options.database,
    ...createClientDatabase({ client, schema: options.schema }),
  });
  return {
    ...createConversations({ database, limits, hideExistence, stopRunning }),
    ...createMessages({ database, limits, answerSoFar }),
    ...createBranches(database, limits),
    ...createHandles(database),
  };
}
