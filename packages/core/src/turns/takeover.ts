import { type Failure, type TurnEvent, createFold, settledChunks, usageToWire } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { wordTextOf } from "../search/text.ts";
import { previewOf } from "../title.ts";

/** What a person is told of an answer whose node died. */
export const INTERRUPTED: Failure = {
  code: "interrupted",
  detail: "The answer was cut off when the server stopped. What was shown is kept; ask again for the rest.",
};

/** Settles turns of dead nodes; see {@link createTakeover}. */
export interface Takeover {
  /** Somebody uses this node: look for dead nodes for the next minute. */
  touch(): void;
  close(): Promise<void>;
}

/** What {@link createTakeover} takes. */
export interface TakeoverOptions {
  readonly database: Database;
  /** Milliseconds of a lease. */
  readonly lease: number;
  /** Milliseconds that the events of a settled turn are kept at least. */
  readonly grace: number;
  /** Told what went wrong, for the operator's log. */
  readonly onError: (error: unknown) => void;
}

/** Milliseconds between looks. */
const LOOK = 1000;
/** Milliseconds without use after which the looking ends, so that a database may sleep. */
const IDLE = 60_000;

/**
 * Looks for nodes whose lease has run out and settles their turns as `interrupted` with the text that is
 * committed; any number of nodes may do so at once. Empties the log of old events along with it.
 */
export function createTakeover(options: TakeoverOptions): Takeover {
  const { database, lease } = options;
  let until = 0;
  let healthySince = 0;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let closed = false;
  let nextRotation = 0;

  const look = async (): Promise<void> => {
    const now = performance.now();
    if (database.breaker.isOpen()) {
      healthySince = Number.POSITIVE_INFINITY;
      await database.breaker.whenClosed();
      healthySince = performance.now();
      return;
    }
    // After an outage all leases have run out: give the living time to renew theirs.
    if (now - healthySince < lease * 0.4) return;
    for (const row of await database.call("take_over_turns", { page_limit: 100 })) {
      await settle(row.owner_id as string, row.conversation_id as string, row.turn_id as string);
    }
    if (now < nextRotation) return;
    nextRotation = now + options.grace / 4;
    await database.call("rotate_events", { grace: options.grace });
  };

  const settle = async (owner: string, conversation: string, turn: string): Promise<void> => {
    const fold = createFold();
    let last = 0;
    for (;;) {
      const [page] = await database.call("read_events", {
        owner,
        conversation,
        turn_id: turn,
        after_seq: last,
        page_limit: 1000,
      });
      const events = page?.events as TurnEvent[];
      if (events.length === 0) break;
      for (const { chunk } of events) fold.push(chunk);
      last = events.at(-1)!.seq;
    }
    const { parts, intent, processed, model, usage } = fold.answer();
    const chunks = settledChunks("interrupted", INTERRUPTED);
    await database.call("settle_turn", {
      owner,
      conversation,
      turn_id: turn,
      node: null,
      new_status: "interrupted",
      body: parts,
      new_intent: intent,
      new_processed: processed,
      new_model: model,
      new_usage: usage === null ? null : usageToWire(usage),
      new_error: INTERRUPTED,
      event_seqs: chunks.map((_, index) => last + 1 + index),
      event_chunks: chunks,
      word_text: wordTextOf(parts),
      new_preview: previewOf(parts),
    });
  };

  const tick = async (): Promise<void> => {
    try {
      await look();
    } catch (error) {
      options.onError(error);
    }
    if (closed) return;
    if (performance.now() < until) schedule();
    else timer = undefined;
  };

  const schedule = (): void => {
    timer = setTimeout(() => {
      looking = tick();
    }, LOOK);
    timer.unref();
  };

  return {
    touch() {
      until = performance.now() + IDLE;
      if (timer === undefined && !closed) schedule();
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      if (!database.breaker.isOpen()) await looking;
    },
  };
}
