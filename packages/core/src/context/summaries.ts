import type { Message, Owner, Summary } from "@chatkeep/protocol";

import { ownerId } from "../arguments.ts";
import type { Database } from "../database/database.ts";
import { type MessageRows, messagesOf } from "../database/rows.ts";
import { turnsOf, validTurn } from "./turns.ts";

/** The input of a {@link Summarizer}. */
export interface SummaryRequest {
  readonly owner: Owner;
  readonly conversationId: string;
  /** The summary of all earlier messages. The new one replaces it. */
  readonly previous: Summary | null;
  /** The messages to add, oldest first, whole turns only. */
  readonly messages: readonly Message[];
  readonly signal: AbortSignal;
}

/** Summarizes messages that no longer fit the context. An empty text is no summary. */
export type Summarizer = (request: SummaryRequest) => Promise<string>;

/** Messages in one summary: fewer are not worth a call, more fit no model's window. */
const FEWEST = 20;
const MOST = 100;

/** Writes summaries of old messages in the background, each range once over all nodes. */
export interface Summaries {
  /** Summarizes the messages before `seq` if there are enough. Never throws. */
  extend(owner: Owner, conversationId: string, seq: number): Promise<void>;
}

export interface SummariesOptions {
  readonly database: Database;
  readonly summarize: Summarizer;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

/** Summaries on the SQL functions. The database assigns each range to one node. */
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
    const messages = messagesOf(begun.messages as MessageRows, owner, conversationId);
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
