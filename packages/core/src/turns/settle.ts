import { setTimeout as pause } from "node:timers/promises";

import {
  type Answer,
  type ContextRecord,
  type Part,
  type TurnEvent,
  type TurnStatus,
  isChatkeepError,
  settledChunks,
  usageToWire,
  waitingCalls,
} from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { previewOf } from "../database/rows.ts";
import { wordTextOf } from "../search/words.ts";
import { answerOf, readLog } from "./reader.ts";
import { type Ending, type TurnKey, argsOf } from "./turn.ts";

export interface Settling extends Ending {
  readonly key: TurnKey;
  /** The node that runs the turn; `null` when that is dead. */
  readonly node: number | null;
  readonly answer: Answer;
  /** What the responder was given; `null` if it was not called, or if that is not known any more. */
  readonly context: ContextRecord | null;
  /** The last events, which are not committed yet. */
  readonly events: readonly TurnEvent[];
}

/** The ending of an answer whose node died or was shut down. */
export const INTERRUPTED: Ending = {
  status: "interrupted",
  error: {
    code: "interrupted",
    detail: "The answer was cut off when the server stopped. What was shown is kept; ask again for the rest.",
  },
};

export const STOPPED: Ending = { status: "stopped", error: null };

/** Milliseconds before a refused settling is retried. */
const RETRY = 500;
const TRIES = 3;

/**
 * Settles a turn: stores its last events, its answer and its status in one transaction. Returns `false` if the turn was
 * settled or is gone, or is another node's. Errors: `unavailable`; others that a retry does not mend.
 */
export async function settleTurn(database: Database, settling: Settling): Promise<boolean> {
  const { answer, events } = settling;
  const [row] = await database.call("settle_turn", {
    ...argsOf(settling.key),
    node: settling.node,
    new_status: settledStatus(settling, answer.parts),
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

/** The status of a turn that ends so. It waits if its answer ends with calls for a person. */
export function settledStatus({ status }: Pick<Ending, "status">, parts: readonly Part[]): TurnStatus {
  const waits = status === "complete" && waitingCalls([{ role: "assistant", parts }]).length > 0;
  return waits ? "waiting" : status;
}

/** Settles a turn with what is committed of it. */
export async function settleFromLog(
  database: Database,
  key: TurnKey,
  node: number | null,
  ending: Ending,
): Promise<boolean> {
  const log = await readLog(database, key);
  const lastSeq = log.at(-1)?.seq ?? 0;
  const events = settledChunks(ending.status, ending.error).map((chunk, index) => ({
    seq: lastSeq + 1 + index,
    chunk,
  }));
  return settleTurn(database, { key, node, ...ending, answer: answerOf(log), context: null, events });
}

/**
 * Runs `settle` for a turn of this node until it succeeds, through outages. `lost`: somebody else settled or cleared the
 * turn, or a claim gave it another owner, for whom it was settled. `refused`: the database refused it three times for a
 * reason that stays. Never rejects.
 */
export async function settleOwn(
  database: Database,
  own: TurnKey,
  node: () => number,
  settle: (key: TurnKey, node: number) => Promise<boolean>,
  onError: (error: unknown) => void,
): Promise<"settled" | "lost" | "refused"> {
  let key = own;
  for (let tries = 1; ; tries += 1) {
    const id = node();
    try {
      if (await settle(key, id)) return key === own ? "settled" : "lost";
      const [moved] = await database.call("find_turn", { node: id, turn_id: key.turnId });
      if (moved === undefined || moved.owner_id === key.ownerId) return "lost";
      key = { ...key, ownerId: moved.owner_id!, conversationId: moved.conversation_id! };
    } catch (error) {
      onError(error);
      if (!isChatkeepError(error, "unavailable") && tries >= TRIES) return "refused";
      if (!database.breaker.isOpen()) await pause(RETRY);
      await database.breaker.whenClosed();
    }
  }
}
