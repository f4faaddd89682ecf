import { isSavedNotice } from "@chatkeep/protocol";
import type { History, Owner, Turn, TurnEvent } from "@chatkeep/protocol";

import { backoff, pause } from "./backoff.ts";
import { isPassing } from "./failure.ts";
import { followToEnd } from "./follow.ts";
import { type LiveTurn, createLiveTurn } from "./live.ts";

/** The turns of a conversation that are followed, or were and are not yet read back from the store. */
export interface Turns {
  list(): readonly LiveTurn[];
  /** The one that is running, if any is known. */
  running(): LiveTurn | undefined;
  /** Follows a turn to its end, on `stream` if one is open already. A turn that is followed is not followed twice. */
  follow(turn: FollowedTurn, stream?: OpenStream): void;
  /** Asks the server to end the running turn; a failure offers the button again. */
  stop(): Promise<void>;
  /** Forgets a turn whose answer the store has given. */
  remove(turnId: string): void;
  /** Detaches from all streams; the turns go on, and {@link Turns.resume} follows them again. */
  rest(): void;
  resume(): void;
}

/** What has to be known of a turn to follow it. */
export type FollowedTurn = Pick<Turn, "id" | "messageId" | "persisted"> & { readonly replyId: string };

/** A stream that `startTurn` gave. */
interface OpenStream {
  readonly events: AsyncIterable<TurnEvent>;
  /** Aborting it closes the stream. */
  readonly controller: AbortController;
}

/** What {@link createTurns} takes. */
export interface TurnsOptions {
  readonly history: Pick<History, "followTurn" | "getTurn" | "stopTurn">;
  readonly owner: Owner;
  readonly conversationId: string;
  /** Told after each event and each change of the connection. */
  readonly onChange: () => void;
  /** Told once a turn's stream has ended, in good order or because it is gone. */
  readonly onEnd: (turn: LiveTurn) => void;
}

/** Attempts to stop a turn before the button is offered again. */
const STOP_ATTEMPTS = 3;

/** Follows the turns of one conversation. */
export function createTurns(options: TurnsOptions): Turns {
  const { history, owner, conversationId, onChange, onEnd } = options;
  let list: readonly LiveTurn[] = [];
  const ended = new Set<LiveTurn>();
  const followed = new Map<LiveTurn, AbortController>();

  const follow = async (live: LiveTurn, open?: OpenStream): Promise<void> => {
    const controller = open?.controller ?? new AbortController();
    const { signal } = controller;
    followed.set(live, controller);
    const stream = followToEnd({
      history,
      owner,
      conversationId,
      turnId: live.turnId,
      events: open?.events,
      after: live.seen(),
      signal,
      onConnection(connection) {
        live.connection = connection;
        onChange();
      },
    });
    for await (const event of stream) {
      if (signal.aborted) break;
      if (event.seq <= live.seen() && !isSavedNotice(event.chunk)) continue;
      live.push(event);
      onChange();
    }
    if (followed.get(live) === controller) followed.delete(live);
    if (signal.aborted) return;
    ended.add(live);
    onChange();
    onEnd(live);
  };

  const running = (): LiveTurn | undefined => list.find((live) => !ended.has(live));

  const stop = async (): Promise<void> => {
    const live = running();
    if (live === undefined) return;
    live.stopping = true;
    onChange();
    for (let attempt = 0; attempt < STOP_ATTEMPTS; attempt++) {
      try {
        await history.stopTurn(owner, conversationId, live.turnId);
        return;
      } catch (error) {
        if (!isPassing(error)) break;
        await pause({ ms: backoff(attempt), signal: followed.get(live)?.signal ?? AbortSignal.abort() });
      }
    }
    live.stopping = false;
    onChange();
  };

  return {
    list: () => list,
    running,
    stop,
    follow(turn, stream) {
      if (list.some((live) => live.turnId === turn.id)) {
        stream?.controller.abort();
        return;
      }
      const live = createLiveTurn(turn);
      list = [...list, live];
      onChange();
      void follow(live, stream);
    },
    remove(turnId) {
      list = list.filter((live) => live.turnId !== turnId);
      onChange();
    },
    rest() {
      for (const controller of followed.values()) controller.abort();
    },
    resume() {
      for (const live of list) {
        const controller = followed.get(live);
        if (!ended.has(live) && (controller === undefined || controller.signal.aborted)) void follow(live);
      }
    },
  };
}
