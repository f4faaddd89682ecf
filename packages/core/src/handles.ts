import { createHash, randomBytes } from "node:crypto";

import { ChatkeepError, type Owner } from "@chatkeep/protocol";

import { ownerId } from "./arguments.ts";
import type { Database } from "./database/database.ts";

/** The state of a handle. */
export interface HandleState {
  readonly conversationId: string;
  /** `false` once it was ended: it can still be read through, but not written through. */
  readonly active: boolean;
}

/**
 * Secret handles of conversations, for clients that address a conversation by a handle. They are stored, so every node
 * accepts them. Only the conversation's owner can use them.
 */
export interface Handles {
  /** Creates a handle: `sess_` and 192 random bits. Only its hash is stored. */
  createHandle(owner: Owner, conversationId: string): Promise<string>;
  /** Finds a handle. Errors: `forbidden` for another owner's; `conversation_not_found`. */
  findHandle(owner: Owner, handle: string): Promise<HandleState>;
  /** Ends a handle; the conversation stays. Idempotent. Errors: those of {@link findHandle}. */
  endHandle(owner: Owner, handle: string): Promise<void>;
}

const HANDLE = /^sess_[A-Za-z0-9_-]{32}$/;

export function createHandles(database: Database): Handles {
  return {
    async createHandle(owner, conversationId) {
      const handle = `sess_${randomBytes(24).toString("base64url")}`;
      const hash = hashOf(handle);
      await database.call("create_handle", { owner: ownerId(owner), conversation: conversationId, hash });
      return handle;
    },

    async findHandle(owner, handle) {
      const [row] = await database.call("find_handle", { owner: ownerId(owner), hash: hashOf(handle) });
      return { conversationId: row?.conversation_id ?? "", active: row?.active === true };
    },

    async endHandle(owner, handle) {
      await database.call("end_handle", { owner: ownerId(owner), hash: hashOf(handle) });
    },
  };
}

/** A plain hash is enough, because 192 random bits cannot be guessed. */
function hashOf(handle: string): string {
  if (!HANDLE.test(handle)) {
    throw new ChatkeepError("conversation_not_found", "There is no chat session with this id.");
  }
  return createHash("sha256").update(handle).digest("hex");
}
