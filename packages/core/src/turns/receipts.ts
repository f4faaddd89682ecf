import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

import type { Part, ShownAnswer, TurnStatus } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";

/** What a receipt is about: an answer that was shown to a question and not saved. */
export interface Unsaved extends Omit<ShownAnswer, "receipt" | "status"> {
  readonly ownerId: string;
  readonly conversationId: string;
  readonly messageId: string;
  readonly body: readonly Part[];
  readonly contextText: string | null;
  readonly status: TurnStatus;
}

/** Signs answers that could not be saved, so that they can be taken back later; see {@link createReceipts}. */
export interface Receipts {
  /** Gets the key that all nodes share; to be called while the database answers. */
  load(): Promise<void>;
  sign(unsaved: Unsaved): string;
  /** How many were signed. */
  signed(): number;
  verify(unsaved: Unsaved, receipt: string): boolean;
}

/**
 * Receipts are HMAC-SHA-256 under a key in the database. A node that has not seen the database yet signs
 * with one of its own, which it alone takes back.
 */
export function createReceipts(database: Database): Receipts {
  const own = randomBytes(32);
  let shared: string | undefined;
  let signed = 0;

  const mac = (key: string | Buffer, unsaved: Unsaved): Buffer => {
    const { ownerId, conversationId, messageId, body, contextText, turnId, replyId, status, parts } = unsaved;
    const told = [ownerId, conversationId, messageId, body, contextText, turnId, replyId, status, parts];
    return createHmac("sha256", key)
      .update(createHash("sha256").update(JSON.stringify(told)).digest())
      .digest();
  };

  return {
    async load() {
      if (shared !== undefined) return;
      const [row] = await database.call("receipt_key", {});
      shared = row?.receipt_key ?? undefined;
    },
    sign(unsaved) {
      signed += 1;
      return mac(shared ?? own, unsaved).toString("base64url");
    },
    signed: () => signed,
    verify(unsaved, receipt) {
      const given = Buffer.from(receipt, "base64url");
      return [own, shared].some((key) => {
        if (key === undefined) return false;
        const made = mac(key, unsaved);
        return made.length === given.length && timingSafeEqual(made, given);
      });
    },
  };
}
