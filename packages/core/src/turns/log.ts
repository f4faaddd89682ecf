import { ChatkeepError, type Owner, type TurnEvent, type TurnStatus, isLastChunk } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { ownerId } from "../owners.ts";
import type { Wakeups } from "./wakeups.ts";

/** Which turn's log is read. */
export interface LogPlace {
  readonly owner: Owner;
  readonly conversationId: string;
  readonly turnId: string;
}

/** The place of a turn. Errors: `turn_not_found` for an id that cannot be a turn's. */
export function placeOf(owner: Owner, conversationId: string, turnId: string): LogPlace {
  // Turn ids are UUIDs of our own; anything else is nobody's.
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(turnId)) {
    throw new ChatkeepError("turn_not_found", "There is no turn with this id in the conversation.");
  }
  return { owner, conversationId, turnId: turnId.toLowerCase() };
}

/** A piece of a turn's log. */
interface LogPage {
  readonly status: TurnStatus;
  /** The number of the last event, once the turn is settled. */
  readonly lastEvent: number | null;
  readonly events: readonly TurnEvent[];
}

/** Events read at once; a page of deltas is about 80 kB. */
const PAGE = 1000;

/** Reads the next events of a turn. Errors: `turn_not_found`, `unavailable`. */
export async function readLog(database: Database, place: LogPlace, after: number): Promise<LogPage> {
  const [row] = await database.call("read_events", {
    owner: ownerId(place.owner),
    conversation: place.conversationId,
    turn_id: place.turnId,
    after_seq: Math.min(after, 2_147_483_647),
    page_limit: PAGE,
  });
  return {
    status: row?.status as TurnStatus,
    lastEvent: row?.last_event ?? null,
    events: row?.events as TurnEvent[],
  };
}

/** What {@link followLog} takes. */
export interface FollowLogOptions {
  readonly database: Database;
  readonly wakeups: Wakeups;
  /** Sees to it that the turn's node sends wake-ups; true if it may not have done so until now. */
  readonly announce: () => Promise<boolean>;
  readonly after: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Follows a turn by its log, wherever it runs: reads, then waits for a wake-up or the time to poll.
 * Errors: `events_expired` when the turn is settled and its events are dropped.
 */
export async function* followLog(
  place: LogPlace,
  options: FollowLogOptions,
): AsyncGenerator<TurnEvent, void, void> {
  const { database, wakeups, announce, signal } = options;
  let { after } = options;
  using wake = wakeups.subscribe(signal);
  while (!isAborted(signal)) {
    const page = await readLog(database, place, after);
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
    if (!(await announce())) await wake.next();
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
