import {
  type Answer,
  type FollowOptions,
  type Owner,
  type TurnEvent,
  type TurnState,
  createFold,
  isChatkeepError,
  isLastChunk,
  replayEvents,
  waitingNotice,
} from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { type MessageRow, messageOf } from "../database/message-row.ts";
import { withAnswer } from "../messages.ts";
import { type FollowEventsOptions, followEvents, isAborted, readEvents } from "./events.ts";
import { type TurnKey, argsOf, turnKey } from "./key.ts";
import type { LiveTurn } from "./live.ts";
import type { Node } from "./node.ts";
import { type TurnRow, turnFromRow } from "./rows.ts";
import type { Wakeups } from "./wakeups.ts";

/** Reads turns, wherever they run; see {@link createReader}. */
export interface Reader {
  /** Errors: `turn_not_found`, `unavailable`. */
  getTurn(owner: Owner, key: TurnKey): Promise<TurnState>;
  /** The answer so far of a running turn, as far as it is committed. */
  answerSoFar(owner: Owner, conversationId: string, turnId: string): Promise<Answer>;
  /** A turn's events, until it is settled. Errors: `events_expired`. */
  follow(key: TurnKey, options: FollowOptions): AsyncIterable<TurnEvent>;
  /** The same from the first on; once a settled turn's events are dropped, from its stored answer. */
  followOrReplay(owner: Owner, key: TurnKey, signal: AbortSignal | undefined): AsyncIterable<TurnEvent>;
  /** Resolves when the turn is settled, or after `timeout` milliseconds. */
  settled(key: TurnKey, timeout: number): Promise<void>;
}

export interface ReaderOptions {
  readonly database: Database;
  readonly wakeups: Wakeups;
  readonly node: Node;
  /** The turn, when it runs here. */
  readonly find: (key: TurnKey) => LiveTurn | undefined;
}

/** Turns of this node are read from memory, all others from the log; docs/decisions/0003 tells why. */
export function createReader({ database, wakeups, node, find }: ReaderOptions): Reader {
  const follow = (key: TurnKey, { after = 0, signal }: FollowOptions): AsyncIterable<TurnEvent> => {
    const live = find(key);
    const how = { database, wakeups, announce: node.announce, after, signal };
    return live === undefined ? followEvents(key, how) : followLive(live, how);
  };

  const getTurn = async (owner: Owner, key: TurnKey): Promise<TurnState> => {
    const [row] = await database.call("get_turn", argsOf(key));
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
    const key = turnKey(owner, conversationId, turnId);
    const live = find(key);
    if (live !== undefined) return live.answer();
    const fold = createFold();
    for (let after = 0; ;) {
      const { events } = await readEvents(database, key, after);
      if (events.length === 0) return fold.answer();
      for (const { chunk } of events) fold.push(chunk);
      after = events.at(-1)!.seq;
    }
  };

  return {
    getTurn,
    answerSoFar,
    follow,
    async *followOrReplay(owner, key, signal) {
      try {
        yield* follow(key, { signal });
      } catch (error) {
        if (!isChatkeepError(error, "events_expired")) throw error;
        yield* replayEvents(await getTurn(owner, key));
      }
    },
    async settled(key, timeout) {
      try {
        for await (const _ of follow(key, { signal: AbortSignal.timeout(timeout) })) {
          // Only the end counts.
        }
      } catch (error) {
        if (!isChatkeepError(error, "events_expired")) throw error;
      }
    },
  };
}

/** Milliseconds between looks whether words wait to be committed. */
const TICK = 500;

/**
 * Follows a turn that runs on this node: from memory, from the log where the reader is behind what is held, and by the
 * log for good once the turn is lost to another node. While words wait to be committed it says so, and waits.
 */
async function* followLive(
  turn: LiveTurn,
  options: FollowEventsOptions,
): AsyncGenerator<TurnEvent, void, void> {
  const { database, signal } = options;
  let { after } = options;
  let isLate = false;
  let wake = (): void => undefined;
  const onChange = (): void => wake();
  const unsubscribe = turn.subscribe(onChange);
  const tick = setInterval(onChange, TICK);
  tick.unref();
  signal?.addEventListener("abort", onChange);
  try {
    while (!isAborted(signal)) {
      if (turn.state() === "lost") {
        yield* followEvents(turn.key, { ...options, after });
        return;
      }
      const events = turn.shownAfter(after) ?? (await readEvents(database, turn.key, after)).events;
      if (isLate !== turn.isLate()) {
        isLate = !isLate;
        yield { seq: after, chunk: waitingNotice(isLate) };
      }
      for (const event of events) {
        if (isAborted(signal)) return;
        after = event.seq;
        yield event;
        if (isLastChunk(event.chunk)) return;
      }
      if (events.length > 0) continue;
      if (turn.state() === "settled") return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    clearInterval(tick);
    unsubscribe();
    signal?.removeEventListener("abort", onChange);
  }
}
