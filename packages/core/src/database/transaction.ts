import { isChatkeepError } from "@chatkeep/protocol";

import type { Breaker } from "./breaker.ts";
import { failureOf, isConnectionLost } from "./failure.ts";
import { type Connection, type ConnectionPool, type Queryable, takeConnection } from "./pool.ts";

/** All connections of a pool may have died together; the first live one begins. */
const TRIES = 12;

/**
 * After 5 s between two statements PostgreSQL rolls back: a process that stands still in a transaction, or a machine that
 * is gone without a word, would hold the conversation's lock for as long.
 */
const BEGIN = "begin isolation level read committed; set local idle_in_transaction_session_timeout = '5s'";

/**
 * Runs several calls in one transaction on one connection. For what a person does by hand: it takes three round trips more
 * than one call. Errors: `ChatkeepError` only; nothing is changed then.
 */
export async function inTransaction<T>(
  pool: Pick<ConnectionPool, "connect">,
  breaker: Breaker,
  work: (client: Queryable) => Promise<T>,
): Promise<T> {
  try {
    return await breaker.guard(async () => {
      const connection = await begin(pool);
      let isUsable = false;
      try {
        const result = await work(connection);
        await connection.query({ text: "commit" });
        isUsable = true;
        return result;
      } catch (error) {
        isUsable = await connection.query({ text: "rollback" }).then(
          () => true,
          () => false,
        );
        // The driver's own error tells the breaker whether the database is away.
        throw isChatkeepError(error, "unavailable") ? error.cause : error;
      } finally {
        connection.release(!isUsable);
      }
    });
  } catch (error) {
    throw failureOf(error);
  }
}

async function begin(pool: Pick<ConnectionPool, "connect">): Promise<Connection> {
  for (let tries = 1; ; tries += 1) {
    const connection = await takeConnection(pool);
    try {
      // Whatever the role's default is: a statement that waited for a lock sees what was committed meanwhile.
      await connection.query({ text: BEGIN });
      return connection;
    } catch (error) {
      connection.release(true);
      if (!isConnectionLost(error) || tries === TRIES) throw error;
    }
  }
}
