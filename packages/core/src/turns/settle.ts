import { setTimeout as pause } from "node:timers/promises";

import {
  type Answer,
  type ContextRecord,
  type Failure,
  type TurnEvent,
  createFold,
  isChatkeepError,
  settledChunks,
  usageToWire,
} from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { wordTextOf } from "../search/words.ts";
import { previewOf } from "../title.ts";
import { readEvents } from "./events.ts";
import { type TurnKey, argsOf } from "./key.ts";
import type { SettledStatus } from "./live.ts";

/** How a turn is settled. */
export interface Settling {
  readonly key: TurnKey;
  /** The node that runs it; `null` when that is gone. */
  readonly node: number | null;
  readonly status: SettledStatus;
  readonly error: Failure | null;
  readonly answer: Answer;
  /** What its responder was given; `null` when it was not called, or nobody knows any more. */
  readonly context: ContextRecord | null;
  /** Its last events, which are not committed yet. */
  readonly events: readonly TurnEvent[];
}

/** What a person is told of an answer whose node died. */
export const INTERRUPTED: Failure = {
  code: "interrupted",
  detail: "The answer was cut off when the server stopped. What was shown is kept; ask again for the rest.",
};

/** Milliseconds before an end that the database refused is tried again. */
const RETRY = 500;

/**
 * Settles a turn: its last events, its answer and its status in one transaction. False when it was settled
 * or gone before, or is another node's. Errors: `unavailable`; others that stay.
 */
export async function settleTurn(database: Database, settling: Settling): Promise<boolean> {
  const { answer, events } = settling;
  const [row] = await database.call("settle_turn", {
    ...argsOf(settling.key),
    node: settling.node,
    new_status: settling.status,
    body: answer.parts,
    new_intent: answer.intent,
    new_processed: answer.processed,
    new_model: answer.model,
    new_usage: answer.usage === null ? null : usageToWire(answer.usage),
    new_error: settling.error,
    new_context: settling.context,
    event_seqs: events.map(({ seq }) => seq),
    event_chunks: events.map(({ chunk }) => chunk),
    word_text: wordTextOf(answer.parts),
    new_preview: previewOf(answer.parts),
  });
  return row?.settle_turn === true;
}

/**
 * Settles a turn of this node, whatever the outage, and under the owner whose it is by then. `lost`: it was settled or
 * cleared by somebody else, or a claim gave it another owner. `refused`: by the database, three times, for a reason that
 * stays. Never rejects.
 */
export async function settleOwn(
  database: Database,
  settling: Omit<Settling, "node"> & { readonly node: () => number },
  onError: (error: unknown) => void,
): Promise<"settled" | "lost" | "refused"> {
  let { key } = settling;
  for (let tries = 1; ; tries += 1) {
    const node = settling.node();
    try {
      if (await settleTurn(database, { ...settling, key, node }))
        return key === settling.key ? "settled" : "lost";
      // A claim may have moved it.
      const [moved] = await database.call("find_turn", { node, turn_id: key.turnId });
      if (moved === undefined || moved.owner_id === key.ownerId) return "lost";
      key = { ...key, ownerId: moved.owner_id!, conversationId: moved.conversation_id! };
    } catch (error) {
      onError(error);
      if (!isChatkeepError(error, "unavailable") && tries >= 3) return "refused";
      if (!database.breaker.isOpen()) await pause(RETRY);
      await database.breaker.whenClosed();
    }
  }
}

/** Settles a turn that nobody runs as interrupted, with what is committed of it. */
export async function settleFromLog(database: Database, key: TurnKey, node: number | null): Promise<void> {
  const fold = createFold();
  let last = 0;
  for (;;) {
    const { events } = await readEvents(database, key, last);
    if (events.length === 0) break;
    for (const { chunk } of events) fold.push(chunk);
    last = events.at(-1)!.seq;
  }
  const ends = settledChunks("interrupted", INTERRUPTED);
  await settleTurn(database, {
    key,
    node,
    status: "interrupted",
    error: INTERRUPTED,
    answer: fold.answer(),
    context: null,
    events: ends.map((chunk, index) => ({ seq: last + 1 + index, chunk })),
  });
}
