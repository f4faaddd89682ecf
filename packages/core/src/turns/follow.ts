import { type TurnEvent, isLastChunk, savedNotice } from "@chatkeep/protocol";

import type { LiveTurn } from "./live.ts";
import { type FollowLogOptions, type LogPlace, followLog, isAborted, readLog } from "./log.ts";

/**
 * Follows a turn that runs on this node: from memory, from the log where the reader is behind what is
 * held, and by the log for good once the turn is lost to another node. Errors: `unavailable` while its
 * events cannot be committed; the reader comes back from where it was.
 */
export async function* followLive(
  turn: LiveTurn,
  place: LogPlace,
  options: FollowLogOptions,
): AsyncGenerator<TurnEvent, void, void> {
  const { database, signal } = options;
  let { after } = options;
  // An unsaved turn's start event says so itself.
  let saved = turn.persisted;
  let wake = (): void => undefined;
  const onChange = (): void => wake();
  const unsubscribe = turn.subscribe(onChange);
  signal?.addEventListener("abort", onChange);
  try {
    while (!isAborted(signal)) {
      const held = turn.held(after);
      if (held.state === "settled") return;
      if (held.state === "stalled" && database.breaker.isOpen()) throw held.error;
      if (held.state === "waiting" || held.state === "stalled") {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if (held.state === "lost") {
        yield* followLog(place, { ...options, after });
        return;
      } else {
        const events = held.state === "events" ? held.events : (await readLog(database, place, after)).events;
        const unsavedFrom = held.state === "events" ? held.unsavedFrom : undefined;
        for (const event of events) {
          if (isAborted(signal)) return;
          if (saved !== (unsavedFrom === undefined || event.seq < unsavedFrom)) {
            saved = !saved;
            yield { seq: after, chunk: savedNotice(saved) };
          }
          after = event.seq;
          yield event;
          // In an outage it is shown before the turn is settled.
          if (isLastChunk(event.chunk)) return;
        }
      }
    }
  } finally {
    unsubscribe();
    signal?.removeEventListener("abort", onChange);
  }
}
