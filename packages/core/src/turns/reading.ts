import {
  type Answer,
  type FollowOptions,
  type Owner,
  type TurnEvent,
  type TurnState,
  createFold,
  isChatkeepError,
  replayEvents,
} from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { type MessageRow, messageOf } from "../database/message-row.ts";
import type { ConnectionPool } from "../database/pool.ts";
import { withAnswer } from "../messages.ts";
import { ownerId } from "../owners.ts";
import { followLive } from "./follow.ts";
import { type LogPlace, followLog, placeOf, readLog } from "./log.ts";
import { type TurnRow, turnFromRow } from "./rows.ts";
import type { Running } from "./running.ts";
import { createWakeups } from "./wakeups.ts";

/** Reads turns, wherever they run; see {@link createReading}. */
export interface Reading {
  /** Errors: `turn_not_found`, `unavailable`. */
  getTurn(place: LogPlace): Promise<TurnState>;
  /** The answer so far of a running turn, as far as it is committed. */
  answerSoFar(owner: Owner, conversationId: string, turnId: string): Promise<Answer>;
  /** A turn's events, until it is settled. Errors: `events_expired`. */
  follow(place: LogPlace, options: FollowOptions): AsyncIterable<TurnEvent>;
  /** The same from the first on; once a settled turn's events are dropped, from its stored answer. */
  followOrReplay(place: LogPlace, signal: AbortSignal | undefined): AsyncIterable<TurnEvent>;
  /** Resolves when the turn is settled, or after `patience` milliseconds. */
  settled(place: LogPlace, patience: number): Promise<void>;
  close(): void;
}

/** What {@link createReading} takes. */
export interface ReadingOptions {
  readonly database: Database;
  readonly pool: ConnectionPool;
  readonly running: Running;
}

/** Turns of this node are read from memory, all others from the log; docs/decisions/0003 tells why. */
export function createReading({ database, pool, running }: ReadingOptions): Reading {
  const wakeups = createWakeups(pool, database.breaker);

  /** A node notifies only while there are others: here is one that reads, though it may run no turn. */
  const announce = async (): Promise<boolean> => !running.isClosing() && running.node.announce();

  const follow = (place: LogPlace, { after = 0, signal }: FollowOptions): AsyncIterable<TurnEvent> => {
    running.touch();
    const live = running.find(place)?.live;
    const how = { database, wakeups, announce, after, signal };
    return live === undefined ? followLog(place, how) : followLive(live, place, how);
  };

  const getTurn = async ({ owner, conversationId, turnId }: LogPlace): Promise<TurnState> => {
    running.touch();
    const [row] = await database.call("get_turn", {
      owner: ownerId(owner),
      conversation: conversationId,
      turn_id: turnId,
    });
    const reply = row?.reply as MessageRow | null | undefined;
    return {
      turn: turnFromRow(row?.turn as TurnRow),
      message: messageOf(row?.question as MessageRow, owner),
      reply:
        reply === null || reply === undefined
          ? null
          : await withAnswer(messageOf(reply, owner), owner, answerSoFar),
    };
  };

  const answerSoFar = async (owner: Owner, conversationId: string, turnId: string): Promise<Answer> => {
    running.touch();
    const place = placeOf(owner, conversationId, turnId);
    const live = running.find(place)?.live;
    if (live !== undefined) return live.answer();
    const fold = createFold();
    for (let after = 0; ;) {
      const { events } = await readLog(database, place, after);
      if (events.length === 0) return fold.answer();
      for (const { chunk } of events) fold.push(chunk);
      after = events.at(-1)!.seq;
    }
  };

  return {
    getTurn,
    answerSoFar,
    follow,
    async *followOrReplay(place, signal) {
      try {
        yield* follow(place, { signal });
      } catch (error) {
        if (!isChatkeepError(error, "events_expired")) throw error;
        yield* replayEvents(await getTurn(place));
      }
    },
    async settled(place, patience) {
      const signal = AbortSignal.timeout(patience);
      try {
        for await (const _ of follow(place, { signal })) {
          // Only the end counts.
        }
      } catch (error) {
        if (!isChatkeepError(error, "events_expired")) throw error;
      }
    },
    close: wakeups.close,
  };
}
