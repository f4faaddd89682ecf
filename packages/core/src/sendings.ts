import { createHash, randomUUID } from "node:crypto";

import type { Owner } from "@chatkeep/protocol";

import type { Database } from "./database/database.ts";
import { ownerId } from "./owners.ts";

/** A request that came without an id of its own, from a client that sends it again when the reply was lost. */
export interface Sending {
  /** What tells it from other requests: all that it says and where it was sent. */
  readonly says: string;
  /** 0 for the first time that the client sends it, 1 and more for its retries. */
  readonly attempt: number;
  /** Milliseconds since it came: a retry that another node got meanwhile was first. */
  readonly waited: number;
}

/**
 * Names for requests that carry none, so that each is stored once (law 3). Which sendings are one request is
 * decided in the database, atomically and on every node:
 *
 * - The same words at attempt 0 are another request each time, one after the other and at once.
 * - A retry has the name of the latest sending of the same words within {@link SENDING_MEMORY}, also while
 *   that is still being answered elsewhere. Where there is none, it is named like a first sending.
 * - A first sending that its own retry has passed takes the retry's name.
 *
 * A retry whose first sending never reached us is taken for an equal request of the same owner within that
 * time, if there was one: nothing in what the client sends tells these two apart.
 */
export interface Sendings {
  /** Gives a sending its name, a UUID; the first of a new owner makes the owner. */
  nameSending(owner: Owner, sending: Sending): Promise<string>;
}

/** Milliseconds after which no client tries again: two retries, each at most 60 s later. */
const SENDING_MEMORY = 120_000;

/** Sendings on the SQL function. */
export function createSendings(database: Database): Sendings {
  return {
    async nameSending(owner, { says, attempt, waited }) {
      const id = randomUUID();
      const [row] = await database.call("name_sending", {
        owner: ownerId(owner),
        owner_kind: owner.kind,
        digest: createHash("sha256").update(says).digest("hex"),
        id,
        attempt,
        waited,
        memory: SENDING_MEMORY,
      });
      return row?.name_sending ?? id;
    },
  };
}
