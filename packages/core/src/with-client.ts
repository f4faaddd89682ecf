import { type Branches, createBranches } from "./branches.ts";
import { type Conversations, createConversations } from "./conversations.ts";
import { type Database, createClientDatabase } from "./database/database.ts";
import type { Queryable } from "./database/pool.ts";
import { type Handles, createHandles } from "./handles.ts";
import type { Limits } from "./maintenance/limits.ts";
import { type Messages, type MessagesOptions, createMessages } from "./messages.ts";

/**
 * The store's methods inside the host's transaction. Changes become visible when the host commits and are undone when it
 * rolls back. An error aborts the transaction, as always in PostgreSQL.
 */
export interface StoreCalls extends Conversations, Messages, Branches, Handles {}

export interface StoreCallsOptions extends Pick<MessagesOptions, "answerSoFar" | "objects"> {
  readonly schema: string | undefined;
  readonly limits: Limits;
  readonly hideExistence: boolean;
  readonly database: Database;
  /** The wrapper that the history puts around its database. */
  readonly guard: (database: Database) => Database;
}

export function createStoreCalls(client: Queryable, options: StoreCallsOptions): StoreCalls {
  const { limits, hideExistence, answerSoFar, objects } = options;
  // A delete takes effect when the host commits. Until then nothing is stopped.
  const stopRunning = (): Promise<void> => Promise.resolve();
  const database = options.guard({
    ...options.database,
    ...createClientDatabase({ client, schema: options.schema }),
  });
  return {
    ...createConversations({ database, limits, hideExistence, stopRunning }),
    ...createMessages({ database, limits, answerSoFar, objects, puts: "chunks" }),
    ...createBranches({ database, limits, atomically: (work) => work(database) }),
    ...createHandles(database),
  };
}
