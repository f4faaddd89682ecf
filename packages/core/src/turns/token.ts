import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

import { ChatkeepError, type UnsavedTurn, readToken } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";

/** Signed tokens of unsaved answers; see {@link createTokens}. */
export interface Tokens {
  /** Gets the key that all nodes share, once. Errors: `unavailable`. */
  load(): Promise<void>;
  sign(turn: UnsavedTurn): string;
  /** What a token holds; `undefined` for one that no node of ours signed. */
  open(token: string): UnsavedTurn | undefined;
  /** How many were signed. */
  signed(): number;
}

/**
 * A token is the turn as JSON and its HMAC-SHA-256, under a key in the database. A node that has not seen the database
 * yet signs with a key of its own, which it alone takes.
 */
export function createTokens(database: Database): Tokens {
  const keys: (string | Buffer)[] = [randomBytes(32)];
  let loading: Promise<void> | undefined;
  let signed = 0;

  const loadShared = async (): Promise<void> => {
    const [row] = await database.call("token_key", {});
    keys.unshift(row!.token_key!);
  };

  const macOf = (key: string | Buffer, text: string): Buffer =>
    createHmac("sha256", key).update(text).digest();

  return {
    async load() {
      loading ??= loadShared();
      try {
        await loading;
      } catch (error) {
        loading = undefined;
        throw error;
      }
    },
    sign(turn) {
      signed += 1;
      const text = Buffer.from(JSON.stringify(turn)).toString("base64url");
      return `${text}.${macOf(keys[0]!, text).toString("base64url")}`;
    },
    open(token) {
      const [text = "", mac = ""] = token.split(".", 2);
      const given = Buffer.from(mac, "base64url");
      const unsaved = readToken(token);
      const isOurs = keys.some((key) => {
        const made = macOf(key, text);
        return made.length === given.length && timingSafeEqual(made, given);
      });
      return isOurs && unsaved !== null ? unsaved : undefined;
    },
    signed: () => signed,
  };
}

/** The error of a token that no node signed, or not for this owner and conversation. */
export function refusedToken(): ChatkeepError {
  const detail = "This token is not valid for this conversation. Ask the question again.";
  return new ChatkeepError("invalid_request", detail, { pointer: "/token" });
}
