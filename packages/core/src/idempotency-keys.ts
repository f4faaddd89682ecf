import { createHash, randomUUID } from "node:crypto";

import type { Owner } from "@chatkeep/protocol";

import { ownerId } from "./arguments.ts";
import type { Database } from "./database/database.ts";

/** A request without an idempotency key, from a client that retries it after a lost response. */
export interface UnkeyedRequest {
  /** Its path and body: equal in all attempts, and in other requests with the same content. */
  readonly content: string;
  /** 0 for the first attempt; 1 or more for retries. */
  readonly attempt: number;
  /** Milliseconds since it arrived. Its retry may have reached another node meanwhile. */
  readonly waited: number;
}

/**
 * Idempotency keys for requests without one, so that each request is stored once. The database decides atomically, for
 * all nodes, which attempts belong to one request:
 *
 * - Two first attempts with equal content are two requests, concurrent or not.
 * - A retry gets the key of the latest attempt with its content, up to two minutes after that attempt arrived or was
 *   extended, even while another node still answers it. Otherwise it gets a new key.
 * - A first attempt that was overtaken by its own retry gets the retry's key.
 *
 * A retry whose first attempt never arrived gets the key of an equal request of that owner within the two minutes, if
 * there was one: the client's data does not tell the two apart.
 */
export interface IdempotencyKeys {
  /** Returns the key of an attempt, a UUID. Creates a new owner. */
  claimIdempotencyKey(owner: Owner, request: UnkeyedRequest): Promise<string>;
  /** Restarts the two minutes for retries, because the connection was cut before the response. */
  extendIdempotencyKey(owner: Owner, content: string, key: string): Promise<void>;
}

/** Milliseconds after which no client retries: clients retry twice, each at most 60 s later. */
const RETRY_WINDOW = 120_000;

export function createIdempotencyKeys(database: Database): IdempotencyKeys {
  const claim = async (
    owner: Owner,
    { content, ...request }: UnkeyedRequest & { id: string; memory: number },
  ): Promise<string> => {
    const [row] = await database.call("claim_idempotency_key", {
      owner: ownerId(owner),
      owner_kind: owner.kind,
      digest: createHash("sha256").update(content).digest("hex"),
      ...request,
    });
    return row?.claim_idempotency_key ?? request.id;
  };
  return {
    claimIdempotencyKey: (owner, request) =>
      claim(owner, { ...request, id: randomUUID(), memory: RETRY_WINDOW }),
    async extendIdempotencyKey(owner, content, key) {
      // Without an earlier attempt a retry gets this new key.
      await claim(owner, { content, attempt: 1, waited: 0, id: key, memory: 0 });
    },
  };
}
