import {
  ChatkeepError,
  type TurnEvent,
  type TurnStatus,
  isChatkeepError,
  isLastChunk,
  waitingNotice,
} from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { type TurnKey, argsOf } from "./key.ts";
import type { Wakeups } from "./wakeups.ts";

/** A piece of a turn's log. */
interface EventPage {
  readonly status: TurnStatus;
  /** The number of the last event, once the turn is settled. */
  readonly lastEvent: number | null;
  readonly events: readonly TurnEvent[];
}

/** Events read at once; a page of deltas is about 80 kB. */
const PAGE = 1000;

/** Reads the next events of a turn. Errors: `turn_not_found`, `unavailable`. */
export async function readEvents(database: Database, key: TurnKey, after: number): Promise<EventPage> {
  const [row] = await database.call("read_events", {
    ...argsOf(key),
    after_seq: Math.min(after, 2_147_483_647),
    page_limit: PAGE,
  });
  return {
    status: row?.status as TurnStatus,
    lastEvent: row?.last_event ?? null,
    events: row?.events as TurnEvent[],
  };
}

export interface FollowEventsOptions {
  readonly database: Database;
  readonly wakeups: Wakeups;
  /** Lets the turn's node know that somebody else reads; true if it may not have known until now. */
  readonly announce: () => Promise<boolean>;
  readonly after: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Follows a turn by its log, wherever it runs: reads, then waits for a wake-up or the time to poll. While the database
 * is away it tells so and waits. Errors: `unavailable` where the first reading fails; `events_expired` when the turn is
 * settled and its events are dropped.
 */
export async function* followEvents(
  key: TurnKey,
  options: FollowEventsOptions,
): AsyncGenerator<TurnEvent, void, void> {
  const { database, wakeups, announce, signal } = options;
  let { after } = options;
  let isRead = false;
  let isWaiting = false;
  using wake = wakeups.subscribe(signal);
  while (!isAborted(signal)) {
    try {
      const page = await readEvents(database, key, after);
      isRead = true;
      if (isWaiting) yield { seq: after, chunk: waitingNotice((isWaiting = false)) };
      for (const event of page.events) {
        if (isAborted(signal)) return;
        after = event.seq;
        yield event;
        if (isLastChunk(event.chunk)) return;
      }
      if (page.events.length === PAGE) continue;
      if (page.status !== "running") {
        if (page.lastEvent !== null && after >= page.lastEvent) return;
        throw expired();
      }
      if (await announce()) continue;
    } catch (error) {
      if (!isRead || !isChatkeepError(error, "unavailable")) throw error;
      if (!isWaiting) yield { seq: after, chunk: waitingNotice((isWaiting = true)) };
    }
    await wake.next();
  }
}

/** The error of a settled turn whose events are dropped. */
function expired(): ChatkeepError {
  return new ChatkeepError(
    "events_expired",
    "The events of this answer are no longer kept. Read the stored message instead.",
  );
}

/** Asked anew each time: it changes while a reader waits. */
export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
