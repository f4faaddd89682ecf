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
 * - A retry has the name of the latest sending of the same words, for {@link SENDING_MEMORY} since that came or was
 *   cut off, also while it is still being answered elsewhere. Where there is none, it is named like a first sending.
 * - A first sending that its own retry has passed takes the retry's name.
 *
 * A retry whose first sending never reached us is taken for an equal request of the same owner within that
 * time, if there was one: nothing in what the client sends tells these two apart.
 */
export interface Sendings {
  /** Gives a sending its name, a UUID; the first of a new owner makes the owner. */
  nameSending(owner: Owner, sending: Sending): Promise<string>;
  /** Counts the time for retries from now: the request was cut off while it was still being answered. */
  keepSending(owner: Owner, says: string, name: string): Promise<void>;
}

/** Milliseconds after which no client tries again: two retries, each at most 60 s later. */
const SENDING_MEMORY = 120_000;

/** Sendings on the SQL function. */
export function createSendings(database: Database): Sendings {
  const call = async (
    owner: Owner,
    { says, ...sending }: Sending & { id: string; memory: number },
  ): Promise<string> => {
    const [row] = await database.call("name_sending", {
      owner: ownerId(owner),
      owner_kind: owner.kind,
      digest: createHash("sha256").update(says).digest("hex"),
      ...sending,
    });
    return row?.name_sending ?? sending.id;
  };
  return {
    nameSending: (owner, sending) => call(owner, { ...sending, id: randomUUID(), memory: SENDING_MEMORY }),
    async keepSending(owner, says, name) {
      // A retry that remembers nothing takes the name that it brings.
      await call(owner, { says, attempt: 1, waited: 0, id: name, memory: 0 });
    },
  };
}
