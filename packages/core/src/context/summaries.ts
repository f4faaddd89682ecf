import type { Message, Owner, Summary } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { type MessageRows, messagesOf } from "../database/message-row.ts";
import { ownerId } from "../owners.ts";
import { turnsOf, validTurn } from "./turns.ts";

/** What a {@link Summarizer} is given. */
export interface SummaryRequest {
  readonly owner: Owner;
  readonly conversationId: string;
  /** What stands for all messages before; the new summary stands for them too. */
  readonly previous: Summary | null;
  /** The messages to add, oldest first, whole turns only. */
  readonly messages: readonly Message[];
  readonly signal: AbortSignal;
}

/** Sums up what is too old for the context; an empty text is no summary. */
export type Summarizer = (request: SummaryRequest) => Promise<string>;

/** Messages that are summed up at once: fewer are not worth a call, more fit no model's window. */
const FEWEST = 20;
const MOST = 100;

/** Summaries of old messages, written in the background, once for a range whoever asks. */
export interface Summaries {
  /** Sums up what is older than `seq`, if it is worth it. Never throws. */
  extend(owner: Owner, conversationId: string, seq: number): Promise<void>;
}

export interface SummariesOptions {
  readonly database: Database;
  readonly summarize: Summarizer;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

/** Summaries on the SQL functions; the database says who writes which. */
export function createSummaries({ database, summarize, signal, onError }: SummariesOptions): Summaries {
  const write = async (owner: Owner, conversationId: string, seq: number): Promise<void> => {
    const place = { owner: ownerId(owner), conversation: conversationId };
    const [begun] = await database.call("begin_summary", {
      ...place,
      upper_seq: seq - 1,
      fewest: FEWEST,
      most: MOST,
    });
    if (begun === undefined) return;
    const messages = messagesOf(begun.messages as MessageRows, owner);
    const last = messages.at(-1)?.seq;
    if (last === undefined) return;
    let text = "";
    try {
      text = await summarize({
        owner,
        conversationId,
        previous: begun.summary as Summary | null,
        messages: turnsOf(messages).flatMap(validTurn),
        signal,
      });
    } finally {
      await database.call("end_summary", {
        ...place,
        upper_seq: begun.to_seq ?? 0,
        new_body: text.trim() === "" ? null : text,
      });
    }
  };

  return {
    extend: (owner, conversationId, seq) => write(owner, conversationId, seq).catch(onError),
  };
}
