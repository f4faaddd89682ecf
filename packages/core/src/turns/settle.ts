import { type Answer, type Failure, type TurnEvent, usageToWire } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { wordTextOf } from "../search/text.ts";
import { previewOf } from "../title.ts";
import type { SettledStatus } from "./live.ts";

/** How a turn is settled. */
export interface Settling {
  readonly ownerId: string;
  readonly conversationId: string;
  readonly turnId: string;
  /** The node that runs it; `null` when that is gone. */
  readonly node: number | null;
  readonly status: SettledStatus;
  readonly error: Failure | null;
  readonly answer: Answer;
  /** Its last events, which are not committed yet. */
  readonly events: readonly TurnEvent[];
}

/**
 * Settles a turn: its last events, its answer and its status in one transaction. False when it was settled
 * or gone before, or is another node's. Errors: `unavailable`; others that stay.
 */
export async function settleTurn(database: Database, settling: Settling): Promise<boolean> {
  const { answer, events } = settling;
  const [row] = await database.call("settle_turn", {
    owner: settling.ownerId,
    conversation: settling.conversationId,
    turn_id: settling.turnId,
    node: settling.node,
    new_status: settling.status,
    body: answer.parts,
    new_intent: answer.intent,
    new_processed: answer.processed,
    new_model: answer.model,
    new_usage: answer.usage === null ? null : usageToWire(answer.usage),
    new_error: settling.error,
    event_seqs: events.map(({ seq }) => seq),
    event_chunks: events.map(({ chunk }) => chunk),
    word_text: wordTextOf(answer.parts),
    new_preview: previewOf(answer.parts),
  });
  return row?.settle_turn === true;
}
