import { createHash, randomUUID } from "node:crypto";

import type { Owner } from "@chatkeep/protocol";

import type { Database } from "./database/database.ts";
import { ownerId } from "./owners.ts";

/** A request without an idempotency key, from a client that sends it again when the reply was lost. */
export interface UnkeyedRequest {
  /** Its address and body: equal in all attempts, and in equal requests. */
  readonly content: string;
  /** 0 for the first attempt, 1 and more for retries. */
  readonly attempt: number;
  /** Milliseconds since it came: its retry may have reached another node meanwhile. */
  readonly waited: number;
}

/**
 * Idempotency keys for requests that carry none, so that each is stored once. The database decides which attempts
 * are one request, atomically and for all nodes:
 *
 * - Two first attempts with the same content are two requests, one after the other and at once.
 * - A retry gets the key of the latest attempt with its content, for two minutes after that came or was extended,
 *   also while it is still being answered elsewhere. Where there is none, it gets a new key.
 * - A first attempt that its own retry has passed gets the retry's key.
 *
 * A retry whose first attempt never arrived gets the key of an equal request of that owner within the two minutes,
 * if there was one: nothing in what the client sends tells the two apart.
 */
export interface IdempotencyKeys {
  /** The key of an attempt, a UUID. Creates the owner if it is new. */
  claimIdempotencyKey(owner: Owner, request: UnkeyedRequest): Promise<string>;
  /** Counts the two minutes for retries from now: the connection was cut before the reply. */
  extendIdempotencyKey(owner: Owner, content: string, key: string): Promise<void>;
}

/** Milliseconds after which no client retries: it does so twice, each at most 60 s later. */
const RETRY_WINDOW = 120_000;

/** Idempotency keys on the SQL function. */
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
      // A retry that remembers nothing gets the key that it brings.
      await claim(owner, { content, attempt: 1, waited: 0, id: key, memory: 0 });
    },
  };
}
