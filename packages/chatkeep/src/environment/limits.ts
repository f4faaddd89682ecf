import { DEFAULT_LIMITS } from "@chatkeep/core";
import { DEFAULT_RATES, DEFAULT_STORAGE, type Rates, type StorageQuota } from "@chatkeep/server";

import type { Reader } from "./reader.ts";

/** What one person may do and keep, and for how long. */
export interface LimitSettings {
  /** CHATKEEP_LIMIT_REQUESTS, …_REQUESTS_ADDRESS, …_TURNS, …_TURNS_ADDRESS: each a minute; 0 is no limit. */
  readonly rates: Rates;
  /** CHATKEEP_LIMIT_BYTES, …_BYTES_ADDRESS: written in a day; 0 is no limit. */
  readonly storage: StorageQuota;
  /** CHATKEEP_TRUST_PROXY: how many proxies stand in front. */
  readonly trustedProxies: number;
  /** CHATKEEP_MAX_BODY: bytes of a request. */
  readonly body: number;
  /** CHATKEEP_MAX_QUESTION: characters of a person's message. */
  readonly question: number;
  /** CHATKEEP_MAX_MESSAGE: bytes of any message. */
  readonly message: number;
  /** CHATKEEP_MAX_METADATA: bytes of a message's or conversation's metadata. */
  readonly metadata: number;
  /** CHATKEEP_MAX_CONVERSATIONS: of one owner. */
  readonly conversations: number;
  /** CHATKEEP_UNDO: how long a deleted conversation can be restored, in milliseconds; days in the variable. */
  readonly undo: number;
  /** CHATKEEP_SESSION_IDLE: after how long all of an idle session is deleted; as above. */
  readonly sessionIdle: number;
}

const DAY = 86_400_000;

/** Reads the limits. */
export function readLimits({ number, whole }: Reader): LimitSettings {
  const rate = (name: string, otherwise: number): number => whole(name, otherwise, 1_000_000);
  const days = (name: string, otherwise: number): number =>
    number(name, otherwise, 36_500, "a number of days from 0 to 36500") * DAY;
  return {
    rates: {
      requestsPerOwner: rate("CHATKEEP_LIMIT_REQUESTS", DEFAULT_RATES.requestsPerOwner),
      requestsPerAddress: rate("CHATKEEP_LIMIT_REQUESTS_ADDRESS", DEFAULT_RATES.requestsPerAddress),
      turnsPerOwner: rate("CHATKEEP_LIMIT_TURNS", DEFAULT_RATES.turnsPerOwner),
      turnsPerAddress: rate("CHATKEEP_LIMIT_TURNS_ADDRESS", DEFAULT_RATES.turnsPerAddress),
    },
    storage: {
      bytesPerOwner: whole("CHATKEEP_LIMIT_BYTES", DEFAULT_STORAGE.bytesPerOwner, 1024 ** 4),
      bytesPerAddress: whole("CHATKEEP_LIMIT_BYTES_ADDRESS", DEFAULT_STORAGE.bytesPerAddress, 1024 ** 4),
    },
    trustedProxies: whole("CHATKEEP_TRUST_PROXY", 0, 10),
    body: whole("CHATKEEP_MAX_BODY", 8 * 1024 * 1024, 1024 ** 3),
    question: whole("CHATKEEP_MAX_QUESTION", DEFAULT_LIMITS.userText, 10_000_000),
    message: whole("CHATKEEP_MAX_MESSAGE", DEFAULT_LIMITS.messageBytes, 256 * 1024 * 1024),
    metadata: whole("CHATKEEP_MAX_METADATA", DEFAULT_LIMITS.metadataBytes, 16 * 1024 * 1024),
    conversations: whole("CHATKEEP_MAX_CONVERSATIONS", DEFAULT_LIMITS.conversations, 1_000_000_000),
    undo: days("CHATKEEP_UNDO", 30),
    sessionIdle: days("CHATKEEP_SESSION_IDLE", 180),
  };
}
