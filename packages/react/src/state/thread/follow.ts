import {
  type History,
  type Owner,
  type SeenEvent,
  type TurnEvent,
  isChatkeepError,
  isLastChunk,
  isNotice,
} from "@chatkeep/protocol";

import { backoff, pause } from "../backoff.ts";
import { isPassing } from "../failure.ts";

export interface FollowToEndOptions {
  readonly history: Pick<History, "followTurn" | "getTurn">;
  readonly owner: Owner;
  readonly conversationId: string;
  readonly turnId: string;
  /** A stream that is open already, the one `startTurn` gave; default: one is opened. */
  readonly events?: AsyncIterable<TurnEvent> | undefined;
  /** The last event already seen; default: from the beginning. */
  readonly after?: SeenEvent | undefined;
  /** Aborting detaches; the turn goes on. */
  readonly signal: AbortSignal;
  /** Called with `resuming` when the connection is lost, and with `live` when an event arrives after that. */
  readonly onConnection?: ((connection: Connection) => void) | undefined;
}

/** Whether events arrive, or the stream was cut and is being resumed. */
export type Connection = "live" | "resuming";

/**
 * Yields the events of a turn, each once and in order, until it is settled, however often the connection
 * is cut: it resumes from the last event seen, with a capped backoff ({@link backoff}).
 *
 * Ends without the last event when the signal aborts, or when the events are gone (`events_expired` of a settled turn, a
 * deleted conversation, a session that changed). The stored messages then show the answer.
 */
export async function* followToEnd(options: FollowToEndOptions): AsyncGenerator<TurnEvent, void, void> {
  const { history, owner, conversationId, turnId, signal, onConnection } = options;
  let events = options.events;
  let after: SeenEvent = options.after ?? { seq: 0 };
  let attempt = 0;

  while (!signal.aborted) {
    let retryAfter = 0;
    try {
      events ??= history.followTurn(owner, conversationId, turnId, { after, signal });
      for await (const event of events) {
        if (event.seq <= after.seq && !isNotice(event.chunk)) continue;
        if (attempt > 0) onConnection?.("live");
        attempt = 0;
        after = event;
        yield event;
        if (isLastChunk(event.chunk)) return;
      }
      // A stream that ends in good order before the last event: only the turn itself can say which it is.
      if (await isSettled(options)) return;
    } catch (error) {
      if (signal.aborted) return;
      if (!isPassing(error) && !(await isToSettle(error, options))) return;
      retryAfter = isChatkeepError(error) ? (error.retryAfter ?? 0) * 1_000 : 0;
    }
    events = undefined;
    onConnection?.("resuming");
    await pause({ ms: Math.max(backoff(attempt), retryAfter), signal });
    attempt += 1;
  }
}

/** Whether the events of a running turn are lost, as after a failover. The stored message then shows the answer. */
async function isToSettle(error: unknown, options: FollowToEndOptions): Promise<boolean> {
  if (!isChatkeepError(error, "events_expired")) return false;
  try {
    return !(await isSettled(options));
  } catch {
    return true;
  }
}

async function isSettled({ history, owner, conversationId, turnId }: FollowToEndOptions): Promise<boolean> {
  const { turn } = await history.getTurn(owner, conversationId, turnId);
  return turn.status !== "running";
}
