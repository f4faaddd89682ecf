import type { BudgetLimits } from "@chatkeep/protocol";
import type { Rates, StorageQuota } from "@chatkeep/server";

import type { Reader } from "./reader.ts";

/** The limits of one person, and how long data is kept. */
export interface LimitSettings {
  /** A minute; 0 is no limit. */
  readonly rates: Rates;
  /** In a day; 0 is no limit. */
  readonly storage: StorageQuota;
  /** Of one owner's answers; 0 is no limit. */
  readonly budgets: BudgetLimits;
  /** The number of proxies in front. */
  readonly trustedProxies: number;
  /** Bytes of a request. */
  readonly body: number;
  /** Characters of a person's message. */
  readonly question: number;
  /** Bytes of any message. */
  readonly message: number;
  /** Bytes of a message's or conversation's metadata. */
  readonly metadata: number;
  /** Of one owner. */
  readonly conversations: number;
  /** Bytes of one file. */
  readonly file: number;
  /** Bytes of all files of one owner. */
  readonly files: number;
  /** Milliseconds in which a deleted conversation can be restored. */
  readonly undo: number;
  /** Milliseconds after which a temporary conversation is deleted. */
  readonly temporary: number;
  /** Milliseconds in which a person can answer an approval, or a client's tool its call. */
  readonly waiting: number;
  /** Milliseconds after which all data of an idle session is deleted. */
  readonly sessionIdle: number;
}

const DAY = 86_400_000;

/** Reads the limits. */
export function readLimits({ number }: Reader): LimitSettings {
  return {
    rates: {
      requestsPerOwner: number("CHATKEEP_LIMIT_REQUESTS"),
      requestsPerAddress: number("CHATKEEP_LIMIT_REQUESTS_ADDRESS"),
      turnsPerOwner: number("CHATKEEP_LIMIT_TURNS"),
      turnsPerAddress: number("CHATKEEP_LIMIT_TURNS_ADDRESS"),
    },
    storage: {
      bytesPerOwner: number("CHATKEEP_LIMIT_BYTES"),
      bytesPerAddress: number("CHATKEEP_LIMIT_BYTES_ADDRESS"),
    },
    budgets: {
      tokensPerDay: number("CHATKEEP_BUDGET_TOKENS_DAY"),
      tokensPerMonth: number("CHATKEEP_BUDGET_TOKENS_MONTH"),
      costPerDay: number("CHATKEEP_BUDGET_COST_DAY"),
      costPerMonth: number("CHATKEEP_BUDGET_COST_MONTH"),
    },
    trustedProxies: number("CHATKEEP_TRUST_PROXY"),
    body: number("CHATKEEP_MAX_BODY"),
    question: number("CHATKEEP_MAX_QUESTION"),
    message: number("CHATKEEP_MAX_MESSAGE"),
    metadata: number("CHATKEEP_MAX_METADATA"),
    conversations: number("CHATKEEP_MAX_CONVERSATIONS"),
    file: number("CHATKEEP_MAX_FILE"),
    files: number("CHATKEEP_MAX_FILES"),
    undo: number("CHATKEEP_UNDO") * DAY,
    temporary: number("CHATKEEP_TEMPORARY") * DAY,
    waiting: number("CHATKEEP_WAITING") * DAY,
    sessionIdle: number("CHATKEEP_SESSION_IDLE") * DAY,
  };
}
