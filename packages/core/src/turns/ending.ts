import { setTimeout as pause } from "node:timers/promises";

import { type Answer, ChatkeepError, isChatkeepError, settledChunks } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import type { LiveTurn } from "./live.ts";
import type { Ending as RunEnding } from "./run.ts";
import { settleTurn } from "./settle.ts";

/** Settles the turns that ran here; see {@link createEnding}. */
export interface Ending {
  /** Settles a turn with the last of it. Never throws; resolves when its readers know of the end. */
  settle(live: LiveTurn, how: RunEnding, last: ReturnType<LiveTurn["end"]>): Promise<void>;
  /** Turns that were answered unsaved, and may have been begun in the database all the same. */
  doubted(): Iterable<string>;
}

/** What {@link createEnding} takes. */
export interface EndingOptions {
  readonly database: Database;
  /** This node's id. */
  readonly node: () => number;
  /** Told, after 2 s, that a turn's end cannot be committed just now. */
  readonly onStalled: (turn: LiveTurn, error: Error) => void;
  readonly onError: (error: unknown, turnId?: string) => void;
}

/** Milliseconds before an end that the database refused is tried again. */
const RETRY = 500;
/** Milliseconds without a commit after which readers are told. */
const PATIENCE = 2000;

/** The end of a node's own turns: tried until it is stored, whatever the outage, and under the owner whose the turn is by then. */
export function createEnding({ database, node, onStalled, onError }: EndingOptions): Ending {
  const doubted = new Set<string>();

  const settle = async (
    live: LiveTurn,
    { status, error }: RunEnding,
    { events, answer }: ReturnType<LiveTurn["end"]>,
  ): Promise<void> => {
    if (!live.persisted) {
      live.settled();
      void settleDoubted(live, { status, error }, answer);
      return;
    }
    const detail = "The answer's end is not saved yet. Nothing is lost; read it again in a moment.";
    const stall = setTimeout(
      () => onStalled(live, new ChatkeepError("unavailable", detail, { retryAfter: 2 })),
      PATIENCE,
    );
    let place = { ownerId: live.ownerId, conversationId: live.conversationId };
    try {
      for (let tries = 1; ; tries += 1) {
        try {
          const settled = await settleTurn(database, {
            ...place,
            turnId: live.id,
            node: node(),
            status,
            error,
            answer,
            events,
          });
          if (!settled) {
            const [moved] = await database.call("find_turn", { node: node(), turn_id: live.id });
            if (moved === undefined || moved.owner_id === place.ownerId) break;
            place = { ownerId: moved.owner_id as string, conversationId: moved.conversation_id as string };
            continue;
          }
          live.commit(events);
          live.settled();
          return;
        } catch (failed) {
          onError(failed, live.id);
          if (!isChatkeepError(failed, "unavailable") && tries >= 3) break;
          if (!database.breaker.isOpen()) await pause(RETRY);
          await database.breaker.whenClosed();
        }
      }
      live.lost();
    } finally {
      clearTimeout(stall);
    }
  };

  /**
   * The end of an answer that was given unsaved because nothing was heard of its beginning: had that been
   * committed all the same, the turn would run on without anybody who runs it.
   */
  const settleDoubted = async (
    live: LiveTurn,
    { status, error }: RunEnding,
    answer: Answer,
  ): Promise<void> => {
    doubted.add(live.id);
    try {
      await database.breaker.whenClosed();
      const [begun] = await database.call("find_turn", { node: node(), turn_id: live.id });
      if (begun === undefined) return;
      const ends = settledChunks(status, error);
      const held = live.held(1);
      // Without the ends that say that nothing is saved.
      const shown = held.state === "events" ? held.events.slice(0, -ends.length) : [];
      const chunks = [...shown.map(({ chunk }) => chunk), ...ends];
      await settleTurn(database, {
        ownerId: begun.owner_id as string,
        conversationId: begun.conversation_id as string,
        turnId: live.id,
        node: node(),
        status,
        error,
        answer,
        events: chunks.map((chunk, index) => ({ seq: index + 2, chunk })),
      });
    } catch (failed) {
      // Then it is a stray, and settled as interrupted.
      onError(failed, live.id);
    } finally {
      doubted.delete(live.id);
    }
  };

  return { settle, doubted: () => doubted };
}
